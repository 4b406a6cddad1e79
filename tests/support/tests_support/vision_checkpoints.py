"""Tiny vision-language models with processors, in folders like the published ones.

llava      CLIP tower + LLaMA, sentencepiece-like tokenizer, "<image>" per image, three safetensors files
qwen2_vl   Qwen2-VL, byte-level BPE, as many image tokens as the image is large, one file

Weights are random with a fixed seed and large, so that each prompt and each image makes another text. END_LOUDNESS
scales what the model sees of the end token: some replies end, others run into the limit.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaTokenizerFast,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2TokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
)

from tests_support.checkpoints import _common_texts, build_llama

END_LOUDNESS = 1.3
_PATCH = 14
_SIZE = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}

_LLAVA_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' }}"
    "{% for part in message['content'] if part['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] + ' ' }}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
_QWEN_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% endif %}"
    "{{ part.get('text', '') }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_QWEN_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
_QWEN_SPECIAL += ["<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"]


def build_llava(folder: Path) -> Path:
    """A LLaVA of 2 + 2 layers that sees 28 x 28 pixels as four tokens."""
    tokenizer = _llama_tokenizer()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_SIZE, image_size=2 * _PATCH, patch_size=_PATCH, initializer_range=0.4),
        text_config=LlamaConfig(
            **_SIZE,
            num_key_value_heads=2,
            vocab_size=len(tokenizer),
            max_position_embeddings=512,
            initializer_range=0.4,
            pad_token_id=tokenizer.pad_token_id,
        ),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        initializer_range=0.4,
    )
    processor = LlavaProcessor(
        CLIPImageProcessor(
            size={"shortest_edge": 2 * _PATCH}, crop_size={"height": 2 * _PATCH, "width": 2 * _PATCH}
        ),
        tokenizer,
        patch_size=_PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_LLAVA_TEMPLATE,
    )
    torch.manual_seed(0)
    _save_model(LlavaForConditionalGeneration(config), tokenizer, folder, max_shard_size="500KB")
    processor.save_pretrained(folder)
    return folder


def build_qwen2_vl(folder: Path) -> Path:
    """A Qwen2-VL of 2 + 2 layers that sees an image as 1 to 16 tokens."""
    tokenizer = _qwen_tokenizer()
    ids = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("image_pad", "video_pad")}
    config = Qwen2VLConfig(
        text_config={
            **_SIZE,
            "num_key_value_heads": 2,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 512,
            "initializer_range": 0.4,
            "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
        },
        vision_config={
            "depth": 2,
            "embed_dim": 32,
            "num_heads": 2,
            "mlp_ratio": 2,
            "hidden_size": _SIZE["hidden_size"],
            "initializer_range": 0.4,
        },
        image_token_id=ids["image_pad"],
        video_token_id=ids["video_pad"],
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokenizer.convert_tokens_to_ids("<|vision_end|>"),
        initializer_range=0.4,
    )
    # in parts, as published: the whole processor has one for videos, which needs torchvision
    images = Qwen2VLImageProcessor(min_pixels=28 * 28, max_pixels=16 * 28 * 28)
    images._set_processor_class("Qwen2VLProcessor")
    tokenizer.chat_template = _QWEN_TEMPLATE
    torch.manual_seed(0)
    folder = _save_model(Qwen2VLForConditionalGeneration(config), tokenizer, folder)
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _llama_tokenizer() -> PreTrainedTokenizerFast:
    with TemporaryDirectory() as scratch:
        trained = Tokenizer.from_file(str(build_llama(Path(scratch) / "llama") / "tokenizer.json"))
    spaces = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    trained.decoder = decoders.Sequence(spaces)
    tokenizer = LlamaTokenizerFast(tokenizer_object=trained, pad_token="<pad>", legacy=False)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tokenizer


def _qwen_tokenizer() -> PreTrainedTokenizerFast:
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(_common_texts(), trainer)
    return Qwen2TokenizerFast(
        tokenizer_object=trained,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=_QWEN_SPECIAL,
    )


def _save_model(model, tokenizer, folder: Path, **options) -> Path:
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] *= END_LOUDNESS
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    # what a published checkpoint may ask for, and a benchmark does not do
    model.generation_config.update(do_sample=True, temperature=0.7, repetition_penalty=1.3)
    model.save_pretrained(folder, **options)
    return folder


VISION_BUILDERS = {"llava": build_llava, "qwen2_vl": build_qwen2_vl}
