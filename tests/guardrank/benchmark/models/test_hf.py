"""Local models: a reply is what the model says of its own ask, whatever stands beside it; failures have names."""

import contextlib
from dataclasses import replace

import pytest
import torch
from tests_support.local_models import OPTIONS, ask, error_of, mixed, picture
from transformers import AutoModelForImageTextToText

from guardrank.benchmark.models import Ask, OutOfMemoryError, Reply, hf, load_model
from guardrank.benchmark.models.hf_draws import Draws

MARKS = {"llava": "<image>", "qwen2_vl": "<|image_pad|>"}


def one_by_one(model, asks) -> list[Reply]:
    return [reply for each in asks for reply in model.answer([each])]


@contextlib.contextmanager
def in_the_last_layer(model, hook):
    """Run ``hook(hidden)`` whenever the model computes logits; hidden has a row for each ask."""
    handle = model.model.lm_head.register_forward_pre_hook(lambda layer, inputs: hook(inputs[0]))
    try:
        yield
    finally:
        handle.remove()


def test_a_reply_is_the_likeliest_text_token_by_token(model, folder):
    """Against a loop of our own over a model that transformers loaded, without cache, padding or its generate()."""
    whole = AutoModelForImageTextToText.from_pretrained(folder).eval()
    for asked in (ask(1, 1), ask(2, 2), ask(3, 0)):
        inputs, new = dict(model.chat.inputs([asked])), []
        while len(new) < OPTIONS.max_new_tokens and model.chat.tokenizer.eos_token_id not in new:
            with torch.inference_mode():
                token = whole(**inputs, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)
            new.append(int(token))
            inputs["input_ids"] = torch.cat([inputs["input_ids"], token], 1)
            inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        text = model.chat.tokenizer.decode(new, skip_special_tokens=True).strip()
        assert model.answer([asked]) == [
            Reply(text, cut=model.chat.tokenizer.eos_token_id not in new, facts={"tokens": len(new)})
        ]


def test_a_batch_says_what_each_ask_gets_alone(model):
    asks = [ask(seed) for seed in range(12)]
    replies = model.answer(asks)
    assert len({reply.text for reply in replies}) == len(asks), "replies that are all alike would prove nothing"
    assert replies == one_by_one(model, asks)
    assert replies[::-1] == model.answer(asks[::-1])


def test_any_number_of_images_in_one_batch(model):
    asks = mixed()
    replies = model.answer(asks)
    assert all(reply.text for reply in replies)
    assert replies == one_by_one(model, asks)


def test_every_image_and_their_order_count(model):
    one, two = picture(1), picture(2)
    seen = [(), (one,), (two,), (one, two), (two, one)]
    assert len({reply.text for reply in model.answer([Ask("a", "What is it?", images) for images in seen])}) == 5


def test_no_asks(model):
    assert model.answer([]) == []


def test_cut_is_told_from_ended(folder):
    model = hf.load(str(folder), replace(OPTIONS, max_new_tokens=40))
    replies = model.answer([ask(seed) for seed in range(16)])
    tokens = {cut: {reply.facts["tokens"] for reply in replies if reply.cut is cut} for cut in (True, False)}
    assert tokens[True] == {40} and tokens[False], "both kinds are needed"
    assert max(tokens[False]) <= 40 and len(tokens[False]) > 1
    ended = next(reply for reply in replies if not reply.cut)
    longer = hf.load(str(folder), replace(OPTIONS, max_new_tokens=60)).answer([ask(replies.index(ended))])
    assert longer == [ended], "nothing follows the end"


def test_a_model_that_ends_at_once_has_said_nothing(folder):
    model = hf.load(str(folder), OPTIONS)

    def end(layer, inputs, logits):
        logits[..., model.chat.tokenizer.eos_token_id] = 1e6
        return logits

    model.model.lm_head.register_forward_hook(end)
    assert model.answer([ask(1), ask(2)]) == [Reply(error="empty", facts={"tokens": 1})] * 2


def test_sampling_depends_on_the_seed_and_the_ask_alone(folder, model):
    options = replace(OPTIONS, temperature=0.9)
    asks = mixed()
    sampled = hf.load(str(folder), options).answer(asks)
    assert sampled == one_by_one(hf.load(str(folder), options), asks)
    others = hf.load(str(folder), replace(options, seed=1)).answer(asks)
    greedy = model.answer(asks)
    assert all(len({a.text, b.text, c.text}) == 3 for a, b, c in zip(sampled, others, greedy, strict=True))


def test_draws_follow_the_softmax():
    chances = torch.tensor([0.6, 0.3, 0.1, 0.0])
    draws = Draws(replace(OPTIONS, temperature=2.0), [str(id_) for id_ in range(4000)])
    drawn = draws(None, (2 * chances.log()).expand(4000, 4)).argmax(-1)
    found = torch.bincount(drawn, minlength=4) / 4000
    # three standard errors of a share are at most 3 * sqrt(0.24 / 4000) = 0.023
    torch.testing.assert_close(found, chances, atol=0.023, rtol=0)


def test_a_bad_case_does_not_spoil_its_batch(model, family, capsys):
    asks = [ask(1), Ask("bad-case", f"Look: {MARKS[family]} there", (picture(9),)), ask(2), ask(3, 0)]
    replies = model.answer(asks)
    assert replies[1] == Reply(error="model_error")
    assert replies[:1] + replies[2:] == one_by_one(model, asks[:1] + asks[2:])
    assert capsys.readouterr().err == "bad-case: the model failed (ImageMarkInPromptError).\n"


def test_a_batch_that_fails_is_done_one_by_one(model, capsys):
    def fail(hidden):
        if len(hidden) > 1:
            raise ValueError("secret detail")

    asks = mixed()
    with in_the_last_layer(model, fail):
        replies = model.answer(asks)
    assert replies == model.answer(asks)
    assert capsys.readouterr().err == ""


def too_large(hidden):
    if len(hidden) > 2:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def an_old_message(hidden):
    if len(hidden) > 2:
        raise RuntimeError("MPS backend out of memory")


def a_real_one(hidden):
    if len(hidden) > 2:
        torch.empty(1 << 60, dtype=torch.uint8)


@pytest.mark.parametrize("hook", [too_large, an_old_message, a_real_one])
def test_out_of_memory_asks_for_a_smaller_batch(model, hook):
    asks = [ask(seed) for seed in range(4)]
    with in_the_last_layer(model, hook):
        with pytest.raises(OutOfMemoryError) as caught:
            model.answer(asks)
        halves = model.answer(asks[:2]) + model.answer(asks[2:])
    assert caught.value.__context__ is None, "it would hold the memory of the failed batch"
    assert halves == model.answer(asks)


def test_a_lost_gpu_ends_the_run(model):
    def lose(hidden):
        raise RuntimeError("CUDA error: device-side assert triggered")

    with in_the_last_layer(model, lose):
        assert "GPU failed" in error_of(lambda: model.answer([ask(1), ask(2)]))


def test_bfloat16_answers(folder):
    model = hf.load(str(folder), replace(OPTIONS, more={"dtype": "bfloat16"}))
    assert model.model.dtype == torch.bfloat16
    assert all(reply.text for reply in model.answer(mixed()))


def test_the_kind_is_found_by_name_and_says_nothing(folder, capfd):
    model = load_model(f"hf:{folder}", OPTIONS)
    assert (model.threads, model.batch_size) == (1, 4)
    assert model.answer([ask(1)])[0].text
    model.close()
    assert model.model is None
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
