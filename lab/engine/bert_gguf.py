"""The GGUF file of a BERT encoder: what is the same wherever its weights come from."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sizes:
    """How large the model is."""

    blocks: int
    context: int  # tokens that it reads at once
    width: int  # numbers in one vector
    inner: int  # numbers between the two halves of a block
    heads: int
    token_types: int
    epsilon: float  # of the layer norms


@contextmanager
def bert_gguf(target: Path, name: str, sizes: Sizes, file_type: int) -> Iterator[Any]:
    """A gguf.GGUFWriter that knows the sizes; vocabulary and tensors are added inside. The file is written at the end."""
    import gguf

    writer = gguf.GGUFWriter(str(target), "bert")
    try:
        _add_sizes(writer, name, sizes, file_type)
        yield writer
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    except OSError as error:  # numpy tells a full disk in words only
        raise OSError(error.errno or errno.ENOSPC, str(error)) from error
    finally:
        writer.close()


def _add_sizes(writer: Any, name: str, sizes: Sizes, file_type: int) -> None:
    import gguf

    writer.add_name(name)
    writer.add_file_type(file_type)
    writer.add_block_count(sizes.blocks)
    writer.add_context_length(sizes.context)
    writer.add_embedding_length(sizes.width)
    writer.add_feed_forward_length(sizes.inner)
    writer.add_head_count(sizes.heads)
    writer.add_layer_norm_eps(sizes.epsilon)
    writer.add_token_type_count(sizes.token_types)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
