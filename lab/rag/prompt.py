"""The prompts, as data."""

from langchain_core.prompts import ChatPromptTemplate

from lab.rag.retrieve import Hit

# Context only: a prompt that allows "your own knowledge" invites answers that no document supports.
ANSWER = ChatPromptTemplate.from_messages(
    [("human", "{context}\n\nQuestion: {question}\nAnswer in one sentence, from the text above only.")]
)


def join(hits: list[Hit]) -> str:
    """Passages as plain text for a prompt, each under its headings: not the printed form of a Document."""
    return "\n\n".join(f"{hit.section or hit.title}\n{hit.text}" for hit in hits)
