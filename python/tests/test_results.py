"""Reading results and leaderboards, those of the repository and those of nobody's."""

import copy
import json
import math
import random

import pytest
from conftest import REPOSITORY, optional

import pags_bench

BOARD = REPOSITORY / "leaderboard"
RESULTS = sorted(BOARD.glob("*/*/*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_result_of_the_repository(path):
    result = pags_bench.load_result(path)
    document = json.loads(path.read_bytes())
    assert result.json == document
    assert result.accuracy.value == document["measurements"]["accuracy"]["value"]
    assert len(result.sensitivity) == len(document["measurements"]["sensitivity"])
    assert len(result.alignments) == sum(len(document["measurements"].get(key, ())) for key in (
        "scoreAlignment", "conditionalScoreAlignment", "bayesAlignment", "referenceAlignment"))
    assert str(result) and result._repr_html_()


def test_the_leaderboard_says_what_the_results_say():
    board = pags_bench.load_leaderboard(BOARD)
    assert len(board) == len(RESULTS) and set(board.tasks) >= {"glyphs", "mnist"}
    assert {entry.task for entry in board if entry.beside} == {path.parent.name for path in RESULTS if "unranked" in str(path)}
    for entry in board:
        result = entry.load()
        assert (entry.id, entry.regime, entry.accuracy) == (result.model.id, result.regime, result.accuracy)
        if entry.regime is None:
            assert entry.beside and entry.R.value is None
            continue
        assert (entry.R, entry.K, entry.A, entry.G) == (result.R, result.K, result.A, result.G)
        assert entry.specific_share == result.specific_share
        if entry.relative_robustness is not None:
            assert entry.relative_robustness == result.relative_robustness.definition2
    with pytest.raises(KeyError, match="glyphs"):
        board["imagenet"]
    assert "bayes" in board._repr_html_()


def test_numbers_in_words():
    estimate = pags_bench.Estimate(0.25, 0.1251, None)
    assert str(estimate) == "0.25 [0.125, ?]" and f"{estimate:.2f}" == "0.25 [0.13, ?]" and float(estimate) == 0.25
    assert math.isnan(float(pags_bench.Estimate(None, None, None)))


def test_where_gradients_point_to_and_what_is_learned_from_it(tmp_path):
    path = BOARD / "results/glyphs/bayes.json"
    plain = pags_bench.load_result(path)
    assert plain.direction is None and plain.roar is None
    number = {"value": 0.5, "low": 0.4, "high": 0.6}
    document = json.loads(path.read_bytes())
    document["direction"] = {
        "chance": 0.03, "alphaDx": [
            {"estimator": "density", "value": number}, {"estimator": "nearest", "value": {**number, "value": None}}],
        "alphaX": number, "unit": "[-1, 1]", "alphaXOfPixels": {**number, "undefinedImages": 3},
        "medianLinearisedDistance": number, "noise": 0.5}
    document["roar"] = {
        "architecture": "cnn-small", "objective": "cross-entropy", "epochs": 3, "trainImages": 800, "testImages": 200, "runs": 2,
        "seed": 7, "unmasked": number, "points": [{"share": 0.1, "top": number, "bottom": number, "difference": number}]}
    file = tmp_path / "result.json"
    file.write_text(json.dumps(document))
    result = pags_bench.load_result(file)
    assert list(result.direction.alpha_dx) == ["density", "nearest"] and result.direction.alpha_dx["density"].low == 0.4
    assert (result.direction.reference_images, result.direction.noise, result.direction.unit) == (None, 0.5, "[-1, 1]")
    assert result.direction.alpha_x_of_pixels.undefined_images == 3
    assert (result.roar.seed, result.roar.points[0].share, result.roar.points[0].difference.value) == (7, 0.1, 0.5)
    rows = [row for row, _ in result._rows() if row["quantity"].startswith(("alpha", "roar"))]
    assert {"quantity": "alpha_dx", "estimator": "nearest"} in rows and {"quantity": "roar_top", "share": 0.1} in rows
    document["roar"]["points"][0]["share"] = "much"
    file.write_text(json.dumps(document))
    with pytest.raises(pags_bench.ResultError, match=r"roar\.points\[0\]\.share"):
        pags_bench.load_result(file)


def test_one_alignment():
    result = pags_bench.load_result(BOARD / "results/glyphs/bayes.json")
    found = result.alignment("bayes", noise=0.5)
    assert (found.target, found.metric, found.noise) == ("log-odds-predicted", "cosine", 0.5) and "random" in found.controls
    with pytest.raises(KeyError, match="alignments fit"):
        result.alignment("bayes")
    with pytest.raises(KeyError, match="0 alignments"):
        result.alignment("nothing")


def test_tables():
    pandas = optional("pandas", "tables are not made")
    result = pags_bench.load_result(BOARD / "results/glyphs/bayes.json")
    table = result.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert table.set_index("quantity").loc["accuracy", "value"] == result.accuracy.value
    assert len(table[table.quantity == "sensitivity_on"]) == len(result.sensitivity)
    board = pags_bench.load_leaderboard(BOARD).to_pandas()
    assert list(board.columns)[:2] == ["task", "id"] and len(board) == len(RESULTS)
    judged = board[board.regime.notna()]
    assert len(judged) < len(board) and judged.R_low.le(judged.R_high).all()


@pytest.fixture
def document():
    return json.loads((BOARD / "results/mnist/mnist-lenet5-standard.json").read_bytes())


def read(document, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document))
    return pags_bench.load_result(path)


def test_a_result_without_a_verdict(document, tmp_path):
    document["regime"] = {"notApplied": {"rule": "v2", "missing": ["manifold"], "sentence": "There is no manifold."}}
    document["measurements"]["sensitivity"] = []
    del document["measurements"]["relativeRobustness"]
    result = read(document, tmp_path)
    assert (result.regime, result.R, result.relative_robustness) == (None, None, None)
    assert result.sentences == ("There is no manifold.",) and "no regime" in str(result) and result._repr_html_()


def test_undecided_is_one_word_for_people(document, tmp_path):
    document["regime"]["label"] = "indeterminate"
    document["regime"]["evidence"]["leadingLabel"] = "weak"
    result = read(document, tmp_path)
    assert result.regime == "indeterminate" and "undecided (leading: weak)" in str(result)
    assert "indeterminate" not in repr(result)


def test_a_result_of_the_first_rule(document, tmp_path):
    ratio = {"value": 0.5, "low": 0.4, "high": 0.6}
    document["protocol"]["rule"] = "v1"
    document["regime"]["evidence"] = {
        "leadingLabel": "weak", "shares": {"weak": 1, "bayesAligned": 0, "excessive": 0, "indeterminate": 0},
        "sensitivityRatio": {"ratio": ratio}, "onManifoldRetention": {}, "accuracyRetention": {"ratio": ratio},
        "alignment": {"cosine": ratio}, "sentences": ["So it is."]}
    result = read(document, tmp_path)
    assert result.R.value == 0.5 and result.K is None and result.A == result.G and result.D is None
    assert result.specific_share is None


@pytest.mark.parametrize("change, words", [
    (lambda d: d.update(schemaVersion=2), "`schemaVersion` is 2, expected 1"),
    (lambda d: d["measurements"]["accuracy"].update(value="high"), '`measurements.accuracy.value` is "high", expected a number'),
    (lambda d: d["measurements"]["accuracy"].update(value=True), "is true, expected a number"),
    (lambda d: d["measurements"]["accuracy"].update(value=10**400), "float64"),
    (lambda d: d["measurements"].update(sensitivity=None), "`measurements.sensitivity` is null, expected a list"),
    (lambda d: d["model"].pop("id"), "`model.id` is nothing, expected a text"),
    (lambda d: d["regime"]["evidence"].update(sentences=[1]), "`regime.evidence.sentences[0]` is 1"),
    (lambda d: d.update(protocol=[]), "expected an object"),
])
def test_what_is_wrong_is_named(document, tmp_path, change, words):
    change(document)
    with pytest.raises(pags_bench.ResultError) as caught:
        read(document, tmp_path)
    assert words in str(caught.value) and "result.json" in str(caught.value)


@pytest.mark.parametrize("data", [
    b"", b"\xff\xfe", b"[" * 100_000, b'{"schemaVersion": NaN}', b'{"schemaVersion": 1e999}', b"null", b'"text"'])
def test_files_that_are_none(tmp_path, data):
    path = tmp_path / "leaderboard.json"
    path.write_bytes(data)
    for load in (pags_bench.load_result, pags_bench.load_leaderboard):
        with pytest.raises(pags_bench.ResultError):
            load(path)
    with pytest.raises(pags_bench.ResultError, match="cannot be read"):
        pags_bench.load_result(tmp_path / "nothing.json")


def test_made_up_documents_never_end_in_other_errors(document, tmp_path):
    generator = random.Random(4)
    odd = [None, True, -1, 1e300, "x", [], {}, [[]], {"value": {}}]
    refused = 0
    for _ in range(150):
        changed = copy.deepcopy(document)
        place = changed
        while True:
            key = generator.choice(list(place) if isinstance(place, dict) else range(len(place)))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or not inner or generator.random() < 0.2:
                break
            place = inner
        if generator.random() < 0.3 and isinstance(place, dict):
            del place[key]
        else:
            place[key] = generator.choice(odd)
        try:
            result = read(changed, tmp_path)
            assert str(result) and result._repr_html_()
        except pags_bench.ResultError:
            refused += 1
    assert refused > 25


def test_a_leaderboard_leads_nowhere_else(tmp_path):
    board = json.loads((BOARD / "leaderboard.json").read_bytes())
    for path in ("../../etc/passwd", "/etc/passwd"):
        board["tasks"][0]["entries"][0]["result"] = path
        (tmp_path / "leaderboard.json").write_text(json.dumps(board))
        with pytest.raises(pags_bench.ResultError, match="within the leaderboard's folder"):
            pags_bench.load_leaderboard(tmp_path)
