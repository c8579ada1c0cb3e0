"""Texts, names and values as requests may hold them: whatever JSON can say and an index cannot keep is refused here."""

from ipaddress import IPv4Address
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from lab.rag.documents import LONGEST_SOURCE
from lab.rag.question import LONGEST

LARGEST = 2**63 - 1  # whole numbers beyond it cannot be stored
MOST_VALUES = 100  # of one filter
FIELD = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"  # a field of metadata
# Chroma's rule: 3 to 512 of these, a letter or digit at both ends, never two dots side by side.
COLLECTION = r"^[a-zA-Z0-9](\.?[a-zA-Z0-9_-])*\.?[a-zA-Z0-9]$"


def _storable(text: str) -> str:
    """JSON can hold half a character (a lone surrogate), which no file, model or answer can, and NUL, where some parts stop reading."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character") from error
    if "\0" in text:
        raise ValueError("it holds the character NUL")
    return text


NO_NUL = {"pattern": r"^[^\x00]*$"}
SAYS_SOMETHING = {"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}  # for people and generated clients; blanks are taken off before it counts
Words = Annotated[str, AfterValidator(_storable), Field(json_schema_extra=NO_NUL)]
Asked = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST),
    AfterValidator(_storable),
    Field(json_schema_extra=SAYS_SOMETHING),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_SOURCE),
    AfterValidator(_storable),
    Field(json_schema_extra=SAYS_SOMETHING),
]


def _no_address(name: str) -> str:
    try:
        IPv4Address(name)
    except ValueError:
        return name
    raise ValueError("it is an IP address, which no collection can be called")


def _value(given: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """One sentence of what may stand here, not one for each kind of value."""
    try:
        if not isinstance(given, int) or -LARGEST <= given <= LARGEST:  # else it would be taken for a float
            return check(given)
    except ValidationError:
        pass
    raise ValueError("it is no text of at most 1000 characters, no finite number of 64 bits, and neither true nor false")


Number = Annotated[StrictInt, Field(ge=-LARGEST, le=LARGEST)] | Annotated[StrictFloat, Field(allow_inf_nan=False)]
Value = Annotated[StrictBool | Number | Annotated[Words, Field(max_length=1000)], WrapValidator(_value)]
FieldName = Annotated[str, StringConstraints(pattern=FIELD)]
CollectionName = Annotated[str, StringConstraints(min_length=3, max_length=512, pattern=COLLECTION), AfterValidator(_no_address)]
