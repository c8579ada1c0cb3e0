"""What learners read, ready to be translated.

The English sentence is the key, as with gettext everywhere; a translation is `locale/<language>/LC_MESSAGES/course.mo` beside this file.
Sentences with values use `{names}`, which a translation may put in another order.
"""

import gettext
from functools import lru_cache
from pathlib import Path

LANGUAGE = "en"
CATALOGUES = Path(__file__).with_name("locale")


@lru_cache(maxsize=8)
def _catalogue(folder: Path, language: str) -> gettext.NullTranslations:
    return gettext.translation("course", folder, [language], fallback=True)


def text(message: str, /, **values: object) -> str:
    """The sentence in the learner's language, its `{names}` filled in."""
    translated = _catalogue(CATALOGUES, LANGUAGE).gettext(message)
    return translated.format(**values) if values else translated
