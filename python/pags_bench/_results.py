"""What an evaluation found, as typed values.

Every number is defined in docs/measurements.md and docs/regime-rule.md. Lengths and noise levels are in pixel units: an
image's numbers are in [0, 1].
"""

from __future__ import annotations

import base64
import html
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

from ._reading import Node, parse, read_file

if TYPE_CHECKING:
    import pandas


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("tables are pandas's, which is not installed; pip install 'pags_bench[pandas]'", name="pandas") from error
    return pandas


def _word(label: str) -> str:
    """A label as people read it, here and in every table."""
    return "undecided" if label == "indeterminate" else label


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % bootstrap interval over images.

    Attributes:
        value: None where it is undefined; of A and K also where the standard is a range.
        low, high: the ends of the interval; None where they are undefined.
        undefined_images: for how many images the quantity is undefined; they are left out.
    """

    value: Optional[float]
    low: Optional[float]
    high: Optional[float]
    undefined_images: int = 0

    def __float__(self) -> float:
        """The value; NaN where it is undefined."""
        return float("nan") if self.value is None else self.value

    def __format__(self, specification: str) -> str:
        """As `0.380 [0.344, 0.415]`, each number in the given format, by default `.3g`."""
        numbers = [
            "?" if number is None else format(number, specification or ".3g")
            for number in (self.value, self.low, self.high)]
        return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"

    def __str__(self) -> str:
        return format(self)

    @classmethod
    def _read(cls, node: Node) -> Estimate:
        undefined = node["undefinedImages"]
        return cls(
            node["value"].number_or_none, node["low"].number_or_none, node["high"].number_or_none,
            undefined.integer if undefined.exists else 0)

    @classmethod
    def _read_optional(cls, node: Node) -> Optional[Estimate]:
        return cls._read(node) if node.exists else None


@dataclass(frozen=True)
class Checkpoint:
    """The file that a result knows its model by.

    Attributes:
        file: its name, without folders.
        sha256: in lower-case hexadecimal.
        bytes: its size.
        format: such as `pytorch-zip`. A module that was served is known by a file of its tensors, in `safetensors`.
    """

    file: str
    sha256: str
    bytes: int
    format: str


@dataclass(frozen=True)
class ModelRecord:
    """What was measured.

    Attributes:
        id: lower-case letters, digits, `.`, `_`, `-`.
        name: for people.
        architecture: as it was recognised, or as the model's own program calls it.
        parameters: number of trained scalars.
        mean, std: per channel, of pixels in [0, 1]: the normalisation that belongs to the model.
        checkpoint: None for a task's own Bayes classifier.
        plugin: what read or served it: `(id, version)`.
    """

    id: str
    name: str
    architecture: str
    parameters: int
    mean: Tuple[float, ...]
    std: Tuple[float, ...]
    checkpoint: Optional[Checkpoint]
    plugin: Tuple[str, str]


@dataclass(frozen=True)
class TaskRecord:
    """What it was measured on.

    Attributes:
        id, version: of the task; results of different versions are not compared.
        dataset, split: where the images are from.
        images: how many were measured.
        digest: SHA-256 of exactly these images and their labels.
        remark: what stands against these being the data that the task is about; None where nothing does.
    """

    id: str
    version: int
    dataset: str
    split: str
    images: int
    digest: str
    remark: Optional[str]


@dataclass(frozen=True)
class Sensitivity:
    """How far predictions move for a step of one length: the mean L1 distance of probabilities, in [0, 2].

    Attributes:
        step: the length, in pixel units.
        on_manifold, off_manifold: along the tangent space of the data manifold, and perpendicular to it.
    """

    step: float
    on_manifold: Estimate
    off_manifold: Estimate


@dataclass(frozen=True)
class RelativeRobustness:
    """How much of the response to perturbations is off the manifold (definitions 1 and 2 of the paper).

    Attributes:
        definition1: of the response to small noise, in [0, about 1].
        definition2: of the gradient's energy, in [0, 1]; a mean over images.
        pooled: of the mean energy: what definition 1 tends to for small noise.
        chance: what all are for a gradient in a random direction.
    """

    definition1: Estimate
    definition2: Estimate
    pooled: Estimate
    chance: float


@dataclass(frozen=True)
class Alignment:
    """Input gradients compared with a reference.

    Attributes:
        reference: `score`, `conditional-score`, `bayes` (gradients of the Bayes classifier) or `reference` (of the classifier
            of a fitted density).
        target: the function of the logits whose gradient was taken, such as `log-odds-predicted`.
        metric: `cosine`, in [-1, 1], or another.
        noise: sigma of the reference, in pixel units.
        estimate: the number.
        controls: the same with something else in the gradient's place, by name. A number that a control reaches says nothing
            about the model.
    """

    reference: str
    target: str
    metric: str
    noise: float
    estimate: Estimate
    controls: Mapping[str, Estimate]


@dataclass(frozen=True)
class RobustAccuracy:
    """
    Attributes:
        radius: of the attack's norm, in pixel units (degrees for rotations).
        name: as it is usually written, such as `8/255`; None without.
        accuracy: share of images that are still classified correctly.
    """

    radius: float
    name: Optional[str]
    accuracy: Estimate


@dataclass(frozen=True)
class AttackRecord:
    """What one attack found.

    Attributes:
        attack: its name.
        norm: `linf`, `l2` or `spatial`.
        radii: one per image: the smallest perturbation found that changes the prediction; 0 where it is wrong without, None
            where the largest radius does not suffice.
        median_radius: their median.
        robust_accuracy: at some radii.
        masking_suspected: whether checks say that the attack was fooled by the model's gradients; None where there were none.
    """

    attack: str
    norm: str
    radii: Tuple[Optional[float], ...]
    median_radius: Estimate
    robust_accuracy: Tuple[RobustAccuracy, ...]
    masking_suspected: Optional[bool]


@dataclass(frozen=True)
class Direction:
    """Where gradients point to; no rule uses it.

    Attributes:
        alpha_dx: by how the way to the closest other class was found, such as `nearest`: the signed cosine of it with the
            gradient of that class's logit less the label's, in [-1, 1], a mean over images.
        alpha_x: absolute cosine of the predicted logit's gradient with the image, in `unit`.
        unit: of `alpha_x`: `[-1, 1]` for pixels in that range, `coordinates` for points.
        alpha_x_of_pixels: the same with pixels in [0, 1].
        chance: the mean absolute cosine of a direction without preference.
        median_linearised_distance: in the unit of the images; below 0 where the model is wrong.
        reference_images: training images among which the nearest are looked for; None without such an estimator.
        noise: of the estimator `density`; None without it.
    """

    alpha_dx: Mapping[str, Estimate]
    alpha_x: Estimate
    unit: str
    alpha_x_of_pixels: Estimate
    chance: float
    median_linearised_distance: Estimate
    reference_images: Optional[int]
    noise: Optional[float]


@dataclass(frozen=True)
class RoarPoint:
    """
    Attributes:
        share: of the coordinates that are left, in (0, 1).
        top, bottom: test accuracy of networks trained on those with the largest and with the smallest gradients.
        difference: the first less the second.
    """

    share: float
    top: Estimate
    bottom: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Roar:
    """Whether networks learn from the coordinates that gradients point to; no rule uses it.

    Attributes:
        architecture, objective, epochs: of the networks that were trained.
        train_images, test_images, runs, seed: on what, and how many for each number.
        unmasked: their test accuracy on whole images.
        points: by rising share.
    """

    architecture: str
    objective: str
    epochs: int
    train_images: int
    test_images: int
    runs: int
    seed: int
    unmasked: Estimate
    points: Tuple[RoarPoint, ...]


_REFERENCES = {
    "scoreAlignment": "score", "conditionalScoreAlignment": "conditional-score", "bayesAlignment": "bayes",
    "referenceAlignment": "reference",
}


@dataclass(frozen=True, repr=False)
class Result:
    """One model measured on one task.

    Attributes:
        regime: `weak`, `bayes-aligned`, `excessive`, or `indeterminate` where the numbers do not decide; None where the task
            lacks what the rule needs (`sentences` then says what).
        confidence: share of bootstrap resamples with the leading label, in [0, 1]; None without a regime.
        leading: the label that most resamples have; None without a regime.
        shares: how many resamples have each label.
        reservations: what stands against the label: `assumed-normalisation`, `unused-tensors`, `reference-material`.
        rule: the version of the rule.
        sentences: why, for people.
        accuracy: share of images that are classified correctly.
        R: off-manifold over on-manifold sensitivity at the wide step; below 1 the model is robust off the manifold.
        K: on-manifold sensitivity relative to the standard model's: how much of the signal is left. None without a standard.
        A: accuracy above chance relative to the standard model's. None without a standard.
        D: accuracy above chance relative to that of the classifier of the task's density. None in results of rule v1.
        G: cosine of the decisive gradient with the reference classifier's, in [-1, 1]; like R and K at calibrated temperature,
            which the numbers of `sensitivity` and `alignments` are not.
        specific_share: the share of the alignment that belongs to the single image, in [0, 1]. None in results of rule v1.
        sensitivity: at every step; empty where the task has no manifold.
        relative_robustness: None where the task has no manifold.
        alignments: of all targets, metrics and noise levels.
        attacks: of the attacks that were asked for.
        direction: where gradients point to; None where it was not asked for.
        roar: networks trained anew on what gradients point to; None where there are none.
        model, task: what was measured, and on what.
        seed: of everything that was random.
        notes: what the command said besides, line by line; empty for results from files.
        warnings: those of them that say that numbers may be wrong.
        sheet: a PNG of the gradients at the first images, where one was drawn.
        source: the file, or what else the document is from.
    """

    regime: Optional[str]
    confidence: Optional[float]
    leading: Optional[str]
    shares: Mapping[str, float]
    reservations: Tuple[str, ...]
    rule: str
    sentences: Tuple[str, ...]
    accuracy: Estimate
    R: Optional[Estimate]
    K: Optional[Estimate]
    A: Optional[Estimate]
    D: Optional[Estimate]
    G: Optional[Estimate]
    specific_share: Optional[Estimate]
    sensitivity: Tuple[Sensitivity, ...]
    relative_robustness: Optional[RelativeRobustness]
    alignments: Tuple[Alignment, ...]
    attacks: Tuple[AttackRecord, ...]
    direction: Optional[Direction]
    roar: Optional[Roar]
    model: ModelRecord
    task: TaskRecord
    seed: int
    notes: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    sheet: Optional[bytes] = None
    source: str = ""
    _document: bytes = b""

    @property
    def json(self) -> Dict[str, Any]:
        """The whole document (leaderboard/schema/result.schema.json), parsed anew at every call."""
        return dict(parse(self._document, self.source).mapping)

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the document, byte for byte as the command printed it."""
        with open(os.path.expanduser(path), "wb") as file:
            file.write(self._document)

    def alignment(
        self, reference: str, target: str = "log-odds-predicted", *, metric: str = "cosine", noise: Optional[float] = None
    ) -> Alignment:
        """One of `alignments`.

        Args:
            noise: may be left out where there is one level.

        Raises:
            KeyError: there is none, or several; the message lists what there is.
        """
        found = [
            item for item in self.alignments
            if (item.reference, item.target, item.metric) == (reference, target, metric) and noise in (None, item.noise)]
        if len(found) == 1:
            return found[0]
        known = sorted({(item.reference, item.target, item.metric, item.noise) for item in self.alignments})
        raise KeyError(f"{len(found)} alignments fit ({reference}, {target}, {metric}, {noise}), expected one of {known}")

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each number that has an interval.

        Columns: `quantity` (such as `accuracy`, `R`, `sensitivity_on`, `score_alignment`), `target`, `metric`, `noise`,
        `step`, `attack`, `radius`, `control`, `estimator`, `share` (each empty where it does not apply), `value`, `low`, `high`.

        Raises:
            ImportError: pandas is not installed.
        """
        pandas = _pandas()
        columns = [
            "quantity", "target", "metric", "noise", "step", "attack", "radius", "control", "estimator", "share", "value", "low",
            "high"]
        return pandas.DataFrame(
            [{**row, "value": estimate.value, "low": estimate.low, "high": estimate.high} for row, estimate in self._rows()],
            columns=columns)

    def _rows(self) -> Iterator[Tuple[Dict[str, Any], Estimate]]:
        for name, estimate in self._headline():
            yield {"quantity": name}, estimate
        for item in self.sensitivity:
            yield {"quantity": "sensitivity_on", "step": item.step}, item.on_manifold
            yield {"quantity": "sensitivity_off", "step": item.step}, item.off_manifold
        if self.relative_robustness is not None:
            for name in ("definition1", "definition2", "pooled"):
                yield {"quantity": f"relative_robustness_{name}"}, getattr(self.relative_robustness, name)
        for alignment in self.alignments:
            row = {
                "quantity": alignment.reference.replace("-", "_") + "_alignment", "target": alignment.target,
                "metric": alignment.metric, "noise": alignment.noise}
            yield row, alignment.estimate
            for control, estimate in alignment.controls.items():
                yield {**row, "control": control}, estimate
        for attack in self.attacks:
            yield {"quantity": "median_radius", "attack": attack.attack}, attack.median_radius
            for point in attack.robust_accuracy:
                yield {"quantity": "robust_accuracy", "attack": attack.attack, "radius": point.radius}, point.accuracy
        if self.direction is not None:
            for estimator, estimate in self.direction.alpha_dx.items():
                yield {"quantity": "alpha_dx", "estimator": estimator}, estimate
            for name in ("alpha_x", "alpha_x_of_pixels", "median_linearised_distance"):
                yield {"quantity": name}, getattr(self.direction, name)
        if self.roar is not None:
            yield {"quantity": "roar_unmasked"}, self.roar.unmasked
            for part in self.roar.points:
                for name in ("top", "bottom", "difference"):
                    yield {"quantity": f"roar_{name}", "share": part.share}, getattr(part, name)

    def _headline(self) -> Iterator[Tuple[str, Estimate]]:
        for name in ("accuracy", "R", "K", "A", "D", "G", "specific_share"):
            estimate = getattr(self, name)
            if estimate is not None:
                yield name, estimate

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {estimate}" for name, estimate in self._headline())
        return f"<Result of {self.model.id} on {self.task.id}: {self._verdict()}; {numbers}>"

    def __str__(self) -> str:
        lines = [f"{self.model.name} on {self.task.id}, {self.task.images} images: {self._verdict()}"]
        lines += [f"  {name:<15}{estimate}" for name, estimate in self._headline()]
        lines += [f"  {sentence}" for sentence in (*self.sentences, *self.warnings)]
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.regime is None:
            return "no regime"
        label = _word(self.regime)
        if self.leading is not None and self.regime != self.leading:
            label += f" (leading: {_word(self.leading)})"
        return f"{label}, in {100 * (self.confidence or 0):.1f} % of resamples" + "".join(
            f"; {reservation}" for reservation in self.reservations)

    def _repr_html_(self) -> str:
        """For notebooks: the verdict, the numbers behind it, and the picture where there is one."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(str(estimate))}</td></tr>"
            for name, estimate in self._headline())
        words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in (*self.warnings, *self.sentences))
        picture = ""
        if self.sheet is not None:
            data = base64.b64encode(self.sheet).decode()
            picture = f"<img alt='input gradients at the first images' style='max-width:100%' src='data:image/png;base64,{data}'/>"
        return (
            f"<div><p><b>{html.escape(self.model.name)}</b> on {html.escape(self.task.id)}, {self.task.images} images: "
            f"<b>{html.escape(self._verdict())}</b></p><table>{rows}</table><details><summary>Why</summary>{words}</details>"
            f"{picture}</div>")


def load_result(path: Union[str, os.PathLike[str]]) -> Result:
    """Reads a result file, such as `leaderboard/results/<task>/<model>.json`.

    Raises:
        ResultError: it cannot be read as one; the message names the place in the file.
    """
    path = os.path.expanduser(path)
    return read_result(read_file(path), os.fspath(path))


def read_result(
    document: bytes, source: str, *, notes: Tuple[str, ...] = (), warnings: Tuple[str, ...] = (),
    sheet: Optional[bytes] = None,
) -> Result:
    """
    Args:
        document: the bytes of a result file.
        source: what they are called in errors.

    Raises:
        ResultError: the document is none.
    """
    root = parse(document, source)
    root.require_version(1)
    measurements = root["measurements"]
    alignments: List[Alignment] = []
    for key, name in _REFERENCES.items():
        if measurements[key].exists:
            alignments += [_alignment(node, name) for node in measurements[key]]
    return Result(
        **_verdict(root), accuracy=Estimate._read(measurements["accuracy"]),
        sensitivity=tuple(
            Sensitivity(node["stepSize"].number, Estimate._read(node["onManifold"]), Estimate._read(node["offManifold"]))
            for node in measurements["sensitivity"]),
        relative_robustness=_relative_robustness(measurements["relativeRobustness"]), alignments=tuple(alignments),
        attacks=tuple(_attack(node) for node in root["robustness"]) if root["robustness"].exists else (),
        direction=_direction(root["direction"]), roar=_roar(root["roar"]), model=_model(root["model"]),
        task=_task(root["task"]), seed=root["protocol"]["seed"].integer, notes=notes,
        warnings=warnings, sheet=sheet, source=source, _document=document)


def _verdict(root: Node) -> Dict[str, Any]:
    """The regime and the numbers that the rule looked at, of either version of it."""
    regime, rule = root["regime"], root["protocol"]["rule"].text
    without = regime["notApplied"]
    if without.exists:
        none = dict.fromkeys(("regime", "confidence", "leading", "R", "K", "A", "D", "G", "specific_share"))
        return {**none, "shares": {}, "reservations": (), "rule": rule, "sentences": (without["sentence"].text,)}
    evidence = regime["evidence"]
    if rule == "v1":
        ratio, share = evidence["sensitivityRatio"]["ratio"], None
        kept, accuracy, density = evidence["onManifoldRetention"]["ratio"], evidence["accuracyRetention"]["ratio"], None
    else:
        ratio, share = evidence["robustness"]["ratio"], Estimate._read(evidence["alignment"]["share"])
        signal = evidence["signal"]
        kept, accuracy = signal["onManifoldRetention"], signal["accuracyRetention"]
        density = Estimate._read(signal["densityRetention"])
    shares = {"bayes-aligned" if key == "bayesAligned" else key: node.number for key, node in evidence["shares"].items()}
    return {
        "regime": regime["label"].text, "confidence": regime["confidence"].number,
        "leading": evidence["leadingLabel"].text, "shares": shares, "reservations": regime["reservations"].texts,
        "rule": rule, "sentences": evidence["sentences"].texts, "R": Estimate._read(ratio),
        "K": Estimate._read_optional(kept), "A": Estimate._read_optional(accuracy), "D": density,
        "G": Estimate._read(evidence["alignment"]["cosine"]), "specific_share": share,
    }


def _alignment(node: Node, reference: str) -> Alignment:
    return Alignment(
        reference, node["target"].text, node["metric"].text, node["noise"].number, Estimate._read(node),
        {key: Estimate._read(control) for key, control in node["controls"].items()})


def _relative_robustness(node: Node) -> Optional[RelativeRobustness]:
    if not node.exists:
        return None
    second = node["definition2"]
    return RelativeRobustness(
        Estimate._read(node["definition1"]), Estimate._read(second), Estimate._read(second["pooled"]),
        node["chance"].number)


def _attack(node: Node) -> AttackRecord:
    suspected = node["masking"]["isSuspected"].flag if node["masking"].exists else None
    return AttackRecord(
        node["attack"]["id"].text, node["norm"].text, tuple(radius.number_or_none for radius in node["radii"]),
        Estimate._read(node["medianRadius"]), tuple(_robust_accuracy(point) for point in node["robustAccuracy"]), suspected)


def _robust_accuracy(node: Node) -> RobustAccuracy:
    name = node["name"].text if node["name"].exists else None
    return RobustAccuracy(node["radius"].number, name, Estimate._read(node["accuracy"]))


def _direction(node: Node) -> Optional[Direction]:
    if not node.exists:
        return None
    images, noise = node["referenceImages"], node["noise"]
    return Direction(
        {alpha["estimator"].text: Estimate._read(alpha["value"]) for alpha in node["alphaDx"]}, Estimate._read(node["alphaX"]),
        node["unit"].text, Estimate._read(node["alphaXOfPixels"]), node["chance"].number,
        Estimate._read(node["medianLinearisedDistance"]), images.integer if images.exists else None,
        noise.number if noise.exists else None)


def _roar(node: Node) -> Optional[Roar]:
    if not node.exists:
        return None
    return Roar(
        node["architecture"].text, node["objective"].text, node["epochs"].integer, node["trainImages"].integer,
        node["testImages"].integer, node["runs"].integer, node["seed"].integer, Estimate._read(node["unmasked"]),
        tuple(
            RoarPoint(
                point["share"].number, Estimate._read(point["top"]), Estimate._read(point["bottom"]),
                Estimate._read(point["difference"]))
            for point in node["points"]))


def _model(node: Node) -> ModelRecord:
    file = node["checkpoint"]
    checkpoint = (
        Checkpoint(file["file"].text, file["sha256"].text, file["bytes"].integer, file["format"].text)
        if file.exists else None)
    return ModelRecord(
        node["id"].text, node["name"].text, node["architecture"].text, node["parameters"].integer,
        node["preprocessing"]["mean"].numbers, node["preprocessing"]["std"].numbers, checkpoint,
        (node["plugin"]["id"].text, node["plugin"]["version"].text))


def _task(node: Node) -> TaskRecord:
    data = node["dataset"]
    return TaskRecord(
        node["id"].text, node["version"].integer, data["name"].text, data["split"].text, data["images"].integer,
        data["digest"].text, data["remark"].text if data["remark"].exists else None)
