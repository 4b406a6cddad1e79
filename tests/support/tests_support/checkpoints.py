"""Tiny bases of the three families with tokenizers of the real kinds, trained on the seed texts.

bert     WordPiece, [CLS] ... [SEP]
roberta  byte-level BPE, <s> ... </s>, positions counted from the padding id
llama    BPE with the metaspace and byte fallback of sentencepiece, <s> in front, no padding token

Each build gives the same files. The trainers' own `limit_alphabet` would not: it draws among equally rare
characters, so rare ones are taken out of the texts beforehand.
"""

import json
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, RobertaConfig, RobertaModel

_SEED = Path(__file__).resolve().parents[3] / "data" / "seed"
_SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def _texts() -> list[str]:
    lines = [line for file in sorted(_SEED.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    rows = [json.loads(line) for line in lines]
    return [f"{row['prompt']} {row['response']}" for row in rows] + ["purple dragon 紫色的龙"] * 20


def _common_texts(size: int = 280) -> list[str]:
    """The texts without all but their `size` commonest characters."""
    counts = Counter(char for text in _texts() for char in text)
    common = {char for char, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:size]}
    return ["".join(char for char in text if char in common) for text in _texts()]


def _save(model, tokenizer: Tokenizer, folder: Path) -> Path:
    folder.mkdir(parents=True)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _word_pieces(special: list[str]) -> dict[str, int]:
    """A WordPiece vocabulary.

    The trainer numbers the characters that continue a word ("##x") by the order of a hash table; named as special
    tokens, they keep the order they are given in.
    """
    texts = [normalizers.BertNormalizer().normalize_str(text) for text in _common_texts()]
    chars = sorted({char for text in texts for char in text if not char.isspace()})
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fixed = [*special, *chars, *(f"##{char}" for char in chars)]
    trained.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=1500, special_tokens=fixed, show_progress=False)
    )
    return trained.get_vocab()


def build_bert(folder: Path) -> Path:
    """A 2-layer BERT."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(_word_pieces(special), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(**_SIZE, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=320, pad_token_id=0)
    return _save(BertModel(config), tokenizer, folder)


def build_roberta(folder: Path) -> Path:
    """A 2-layer RoBERTa."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    torch.manual_seed(0)
    config = RobertaConfig(
        **_SIZE,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=322,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        type_vocab_size=1,
    )
    return _save(RobertaModel(config), tokenizer, folder)


def build_llama(folder: Path) -> Path:
    """A 2-layer LLaMA."""
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator(
        _common_texts(),
        trainers.BpeTrainer(vocab_size=1200, special_tokens=special, show_progress=False),
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    torch.manual_seed(0)
    config = LlamaConfig(
        **_SIZE,
        num_key_value_heads=2,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=320,
        bos_token_id=1,
        eos_token_id=2,
    )
    return _save(LlamaForCausalLM(config), tokenizer, folder)


BUILDERS = {"bert": build_bert, "roberta": build_roberta, "llama": build_llama}
