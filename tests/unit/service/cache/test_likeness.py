"""The nearest earlier question, among those that may share an answer."""

from lab.service.cache.likeness import Likeness


def test_the_nearest_one_above_the_threshold_is_found() -> None:
    likeness = Likeness(0.9)
    likeness.remember("v", "east", [1, 0])
    likeness.remember("v", "north", [0, 2])
    assert likeness.nearest("v", [0.1, 5]) == ("north", likeness.nearest("v", [0.1, 5])[1])  # type: ignore[index]
    assert likeness.nearest("v", [1, 1]) is None
    assert likeness.nearest("another", [1, 0]) is None


def test_the_oldest_variant_goes_first_when_there_are_too_many() -> None:
    likeness = Likeness(0.9, most=3)
    for number in range(5):
        likeness.remember("old" if number < 2 else "new", f"k{number}", [1, 0])
    assert likeness.count == 3
    assert likeness.nearest("old", [1, 0]) is None


def test_what_is_forgotten_is_not_found() -> None:
    likeness = Likeness(0.9)
    likeness.remember("v", "k", [1, 0])
    likeness.forget("v", "k")
    likeness.forget("v", "never known")
    assert (likeness.count, likeness.nearest("v", [1, 0])) == (0, None)
