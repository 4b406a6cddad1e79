import pytest

from guardrank.dimensions import Dimension
from guardrank.errors import UsageError
from guardrank.train.recipe import load_recipe, recipe_names


@pytest.mark.parametrize("name", ["embedded", "paper-truthfulness", "paper-values"])
def test_every_shipped_recipe_loads(name):
    assert name in recipe_names()
    assert load_recipe(name).name == name


def test_paper_recipes_state_the_paper():
    truthfulness, values = load_recipe("paper-truthfulness"), load_recipe("paper-values")
    assert (truthfulness.base, truthfulness.max_tokens, truthfulness.loss) == (
        "FacebookAI/roberta-large",
        256,
        "nominal",
    )
    assert load_recipe("paper-truthfulness", ["full=true"]).rate == 2e-6
    assert (values.max_tokens, values.heads, values.truncation) == (512, "shared", "right")
    assert values.dimensions == (Dimension.PRIVACY, Dimension.BIAS, Dimension.TOXICITY, Dimension.LEGALITY)


def test_overrides_reach_nested_values_and_read_yaml_numbers():
    recipe = load_recipe("embedded", ["lora.r=4", "learning_rate=2e-6", "full=true", "epochs=1"])
    assert (recipe.lora.r, recipe.learning_rate, recipe.full, recipe.epochs) == (4, 2e-6, True, 1)


def test_a_recipe_from_a_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("{name: mine, base: embedded, epochs: 2}")
    assert load_recipe(str(file)).epochs == 2


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("nowhere", [], "no recipe 'nowhere': take one of embedded"),
        ("embedded", ["epochs"], "--set takes KEY=VALUE"),
        ("embedded", ["epoch=3"], "epoch: Extra inputs are not permitted"),
        ("embedded", ["epochs=0"], "epochs: Input should be greater than or equal to 1"),
        ("embedded", ["template=other"], "template must be one of"),
        ("embedded", ["lora.rank=3"], "lora.rank: Extra inputs are not permitted"),
    ],
)
def test_wrong_recipes_are_refused_in_a_sentence(name, overrides, message):
    with pytest.raises(UsageError, match=message):
        load_recipe(name, overrides)


def test_a_recipe_file_must_be_a_mapping(tmp_path):
    file = tmp_path / "list.yaml"
    file.write_text("- a\n- b\n")
    with pytest.raises(UsageError, match="must be a YAML mapping"):
        load_recipe(str(file))
