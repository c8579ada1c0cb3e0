"""all-MiniLM and its like (BERT encoders as safetensors) to GGUF, once: the form that llama.cpp reads.

The same input gives the same bytes. Weights become F16; vectors of one dimension, positions and token types stay F32.
"""

import json
from pathlib import Path
from typing import Any

from lab.engine.bert_gguf import Sizes, bert_gguf
from lab.engine.errors import EngineError

_EMBEDDINGS = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
_BLOCK = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
_KEPT_F32 = {"position_embd.weight", "token_types.weight"}
_WORD_START = "\u2581"  # how llama.cpp marks the first piece of a word; BERT marks the other pieces, with ##


def convert_bert(source: Path, target: Path, name: str) -> None:
    """Write the BERT model of `source`, a model.safetensors with its config.json and tokenizer.json, as the GGUF file `target`.

    Raises EngineError when a part is missing.
    """
    import gguf
    from safetensors.numpy import load_file

    try:
        config = json.loads((source.parent / "config.json").read_text("utf-8"))
        tokenizer = json.loads((source.parent / "tokenizer.json").read_text("utf-8"))
        weights = load_file(source)
        sizes = _sizes(config)
    except (OSError, ValueError) as error:
        raise EngineError(500, f"the model {name} cannot be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise EngineError(500, f"the model {name} cannot be read: its config.json does not hold the sizes ({error})") from error
    with bert_gguf(target, name, sizes, gguf.LlamaFileType.MOSTLY_F16) as writer:
        _add_vocabulary(writer, tokenizer)
        _add_weights(writer, weights, sizes.blocks)


def _sizes(config: dict[str, Any]) -> Sizes:
    return Sizes(
        blocks=config["num_hidden_layers"],
        context=config["max_position_embeddings"],
        width=config["hidden_size"],
        inner=config["intermediate_size"],
        heads=config["num_attention_heads"],
        token_types=config["type_vocab_size"],
        epsilon=config["layer_norm_eps"],
    )


def _add_vocabulary(writer: Any, tokenizer: dict[str, Any]) -> None:
    import gguf

    vocabulary = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([_piece(piece, special).encode() for piece in pieces])
    writer.add_token_types([gguf.TokenType.CONTROL if piece in special else gguf.TokenType.NORMAL for piece in pieces])
    writer.add_bos_token_id(vocabulary["[CLS]"])
    writer.add_eos_token_id(vocabulary["[SEP]"])
    writer.add_sep_token_id(vocabulary["[SEP]"])
    writer.add_unk_token_id(vocabulary["[UNK]"])
    writer.add_pad_token_id(vocabulary["[PAD]"])
    writer.add_mask_token_id(vocabulary["[MASK]"])


def _piece(piece: str, special: set[str]) -> str:
    if piece in special:
        return piece
    return piece[2:] if piece.startswith("##") else _WORD_START + piece


def _add_weights(writer: Any, weights: dict[str, Any], blocks: int) -> None:
    import numpy as np

    for source, target in _names(blocks).items():
        if source not in weights:
            raise EngineError(500, f"the model's file model.safetensors has no tensor {source}")
        small = weights[source].ndim == 1 or target in _KEPT_F32
        writer.add_tensor(target, weights[source].astype(np.float32 if small else np.float16))


def _names(blocks: int) -> dict[str, str]:
    """Each tensor's name in the source, and the one that llama.cpp knows it by."""
    names = dict(_EMBEDDINGS)
    for block in range(blocks):
        for theirs, ours in _BLOCK.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{block}.{theirs}.{part}"] = f"blk.{block}.{ours}.{part}"
    return names
