import Foundation

@testable import BenchCore
@testable import Sweeps

/// An evaluation's outcome made from a few numbers: the samples that rule v2 reads, and what it makes of them. The rest is that
/// of the repository's Bayes classifier.
struct SyntheticModel {
  /// At the wide step, at calibrated temperature; at the small one in proportion.
  var on = 0.7
  var off = 0.35
  var accuracy = 0.95
  /// G, and of it the share that is the image's own.
  var cosine = 0.5
  var share = 0.5
  var densityAccuracy = 0.6
  /// Whether the task's density is known, as that of `glyphs` is.
  var isExact = false

  static let images = 200
  static let resamples = 100

  static let template = Result {
    try ResultFile.read(FakeWork.root.appendingPathComponent("leaderboard/results/glyphs/bayes.json"))
  }

  static func digest(ofModel id: String) -> String { SweepsTestDigest.of("checkpoint of \(id)") }

  func outcome(_ id: String) throws -> EvaluationOutcome {
    var result = try Self.template.get()
    result.model.id = id
    result.model.checkpoint = .init(
      file: "model.ckpt", sha256: Self.digest(ofModel: id), bytes: 20, format: "pytorch-zip")
    result.measurementProtocol.images = Self.images
    result.task.dataset.images = Self.images
    result.measurementProtocol.bootstrapResamples = Self.resamples
    result.measurementProtocol.rule = RegimeRule.version
    if !isExact {
      result.task.density?.isExact = false
      result.measurements.referenceAlignment = result.measurements.bayesAlignment
      result.measurements.bayesAlignment = nil
    }
    for index in result.measurements.sensitivity.indices {
      let length = result.measurements.sensitivity[index].stepSize / result.measurementProtocol.wideStep
      result.measurements.sensitivity[index].onManifold = Self.estimate(min(1, on * length))
      result.measurements.sensitivity[index].offManifold = Self.estimate(min(1, off * length))
    }
    let (samples, inputs) = (samples(result.measurementProtocol), inputs(result.measurementProtocol))
    let means = Bootstrap(
      imageCount: Self.images, resamples: Self.resamples, seed: result.measurementProtocol.seed
    ).means(of: samples)
    result.measurements.accuracy = means.mean(SampleColumn.correct)
    result.measurements.imageAlignment = ImageAlignmentResult(
      from: means, inputs.decisive, noise: inputs.decisive.noise)
    result.regime = try RegimeRule.verdict(from: means, inputs)
    return EvaluationOutcome(result: result, samples: samples, inputs: inputs)
  }

  static func estimate(_ value: Double) -> Estimate {
    Estimate(value: value, low: max(0, value - 0.01), high: min(1, value + 0.01))
  }

  private func inputs(_ settings: ProtocolRecord) -> RegimeInputs {
    RegimeInputs(
      classCount: 10, wideStep: settings.wideStep, smallStep: settings.smallStep, densityIsExact: isExact,
      decisive: AlignmentColumns(
        reference: .classifier, target: settings.gradientTarget, metric: EvaluationConfiguration.decisiveMetric,
        noise: settings.decisiveNoise), calibration: isExact ? .bayes(gate: 0.45) : .none, standardAccuracy: nil,
      criteria: RegimeCriteria(
        robustRatio: 1, specificShare: 0.25, cosine: isExact ? 0.45 : nil, densityAccuracy: isExact ? 0.85 : 0.9,
        densitySensitivity: isExact ? 0.75 : nil, tells: "everything"), parameters: 1000, temperatureScale: 1,
      standard: nil, learnedManifold: nil, reservations: [])
  }

  private func samples(_ settings: ProtocolRecord) -> SampleTable {
    func constant(_ value: Double) -> [Double] { [Double](repeating: value, count: Self.images) }
    func shares(_ share: Double) -> [Double] {
      (0..<Self.images).map { Double($0) < share * Double(Self.images) - 0.5 ? 1 : 0 }
    }
    let small = on * settings.smallStep / settings.wideStep
    var table = SampleTable([
      (SampleColumn.correct, shares(accuracy)), (SampleColumn.densityCorrect, shares(densityAccuracy)),
      (SampleColumn.temperatureInfluence, constant(0)), (ImageAlignment.whole, constant(cosine)),
      (ImageAlignment.cosine, constant(cosine)), (ImageAlignment.specific, constant(cosine * share)),
      (SampleColumn.referenceOnManifold(step: settings.smallStep), constant(small)),
    ])
    for control in ImageAlignment.Control.allCases { table.append(ImageAlignment.column(control), constant(0)) }
    for (name, value) in [
      (SampleColumn.onManifold(step: settings.smallStep), small),
      (SampleColumn.onManifold(step: settings.wideStep), on),
      (SampleColumn.offManifold(step: settings.wideStep), off),
    ] {
      table.append(SampleColumn.calibrated(name), constant(value))
      table.append(SampleColumn.calibratedSlope(name), constant(0))
    }
    return table
  }
}
