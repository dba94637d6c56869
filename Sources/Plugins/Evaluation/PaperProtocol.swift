import BenchCore

/// What the public code of the benchmark's paper computes for its figures 3, 4 and 17, from the per-image measurements of an evaluation:
/// its images, its step, its targets, its noise and its averages, without intervals. Where this project chooses otherwise stands in
/// docs/paper.md.
package struct PaperProtocol: Sendable {
  /// In the paper's code the images of one batch loop, which ends after the index 200.
  private static let sensitivityImages = 201

  /// What is published of a task.
  private struct Setting {
    /// Of the score, in pixel units.
    let noise: Double
    let alignmentImages: Int
    /// Of the diffusion model.
    let file: String
    /// Whether it is shown in figure 4, where the predicted class's gradient is compared with the true class's score; otherwise in figures 3
    /// and 17.
    let isFigure4: Bool
  }

  private static let settings: [String: Setting] = [
    // A fifth of the test images.
    "cifar10": Setting(noise: 0.25, alignmentImages: 2000, file: "edm-cifar10-32x32-uncond-vp.pkl", isFigure4: false),
    "imagenet": Setting(noise: 0.6, alignmentImages: 100, file: "edm-imagenet-64x64-cond-adm.pkl", isFigure4: true),
    "imagenet64": Setting(noise: 0.6, alignmentImages: 1000, file: "edm-imagenet-64x64-cond-adm.pkl", isFigure4: true),
  ]

  private let setting: Setting
  /// The noise of the score in pixel units; sigma of images in [-1, 1] is twice that.
  private let noise: Double
  /// The step size that figure 3 shows.
  private let step: Double

  package static var tasks: [String] { settings.keys.sorted() }

  /// - Throws: `EvaluationError.invalidConfiguration` for a task of which nothing is published.
  package init(of task: any BenchmarkTask) throws(EvaluationError) {
    guard let setting = Self.settings[task.id] else {
      throw .invalidConfiguration(
        option: "--protocol paper", expected: "a task of the paper's: \(Self.tasks.joined(separator: ", "))",
        got: task.id)
    }
    self.setting = setting
    noise = setting.noise
    step = task.protocolConstants.wideStep
  }

  /// - Parameter outcome: of an evaluation of the task.
  package func figures(_ outcome: EvaluationOutcome) -> PaperFigures {
    let (result, samples) = (outcome.result, outcome.samples)
    let metrics = Set(result.measurements.scoreAlignment.map(\.metric))
    func mean(_ column: String, _ limit: Int) -> PaperFigures.Mean? {
      samples[column].map { PaperFigures.Mean($0.prefix(limit)) }
    }
    let sensitivity = result.measurements.sensitivity.compactMap { entry -> PaperFigures.Sensitivity? in
      guard let on = mean(SampleColumn.onManifold(step: entry.stepSize), Self.sensitivityImages),
        let off = mean(SampleColumn.offManifold(step: entry.stepSize), Self.sensitivityImages)
      else { return nil }
      return .init(stepSize: entry.stepSize, isFigure3: entry.stepSize == step, onManifold: on, offManifold: off)
    }
    func alignments(_ kind: String, _ target: String) -> [PaperFigures.Alignment] {
      metrics.sorted().compactMap { metric in
        guard let value = mean("\(kind)/\(target)/\(metric)/\(brief(noise))", setting.alignmentImages) else {
          return nil
        }
        let prefix = "\(kind)/control/\(metric)/\(brief(noise))/"
        let controls = samples.columns.filter { $0.name.hasPrefix(prefix) }.map { column in
          PaperFigures.Control(
            name: String(column.name.dropFirst(prefix.count)),
            mean: PaperFigures.Mean(column.values.prefix(setting.alignmentImages)))
        }
        return .init(
          metric: metric, target: target, noise: noise, sigma: 2 * noise, alignment: value, controls: controls)
      }
    }
    return PaperFigures(
      model: result.model.id, checkpoint: result.model.checkpoint?.sha256, task: result.task.id,
      score: result.task.score?.id,
      accuracy: PaperFigures.Mean((samples[SampleColumn.correct] ?? [])[...]), sensitivity: sensitivity,
      figure3: setting.isFigure4 ? [] : alignments("score-alignment", "logit-sum"),
      figure4: setting.isFigure4 ? alignments("score-alignment", "logit-predicted") : [],
      figure17: setting.isFigure4 ? [] : alignments("conditional-score-alignment", "logit-predicted"),
      remarks: remarks(result, metrics, images: samples.rowCount))
  }

  /// What keeps the numbers from being those of the figures.
  private func remarks(_ result: EvaluationResult, _ metrics: Set<String>, images: Int) -> [String] {
    var remarks: [String] = []
    if images < setting.alignmentImages {
      remarks.append(
        "\(images) images were measured; the paper's code takes the first \(setting.alignmentImages) for alignment")
    }
    if !metrics.contains("lpips-alex") {
      remarks.append(
        "\(setting.isFigure4 ? "figure 4 shows" : "figures 3 and 17 show") 1 - LPIPS; pass --metric lpips-alex=BACKBONE (docs/lpips.md)"
      )
    }
    if result.task.score?.id != "edm" {
      remarks.append(
        (result.task.score.map { "the score is `\($0.id)`" } ?? "there is no score")
          + "; the paper's is a diffusion model's, --score edm=\(setting.file)")
    }
    if result.measurementProtocol.clip { remarks.append("images are clipped after a step; the paper's code does not") }
    return remarks
  }
}

/// Means over images as the paper's figures show them.
package struct PaperFigures: Sendable, Encodable {
  package struct Mean: Sendable, Encodable {
    /// Of images whose number is defined; the paper's code would give NaN for all where one is not.
    package let value: Double?
    package let images: Int
    package let undefined: Int

    init(_ values: ArraySlice<Double>) {
      let defined = values.filter(\.isFinite)
      value = defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
      (images, undefined) = (values.count, values.count - defined.count)
    }
  }

  /// Softmax L1 after a step of that length: figure 3's upper panels and figure 9.
  package struct Sensitivity: Sendable, Encodable {
    package let stepSize: Double
    package let isFigure3: Bool
    package let onManifold: Mean
    package let offManifold: Mean
  }

  /// Of gradient and score, each divided by its own largest absolute value: the lower panels of figure 3, and figure 17.
  package struct Alignment: Sendable, Encodable {
    package let metric: String
    package let target: String
    /// In pixel units, and as the paper's code has it, of images in [-1, 1].
    package let noise: Double
    package let sigma: Double
    package let alignment: Mean
    package let controls: [Control]
  }

  package struct Control: Sendable, Encodable {
    package let name: String
    package let mean: Mean
  }

  package let model: String
  package let checkpoint: String?
  package let task: String
  package let score: String?
  package let accuracy: Mean
  package let sensitivity: [Sensitivity]
  package let figure3: [Alignment]
  package let figure4: [Alignment]
  package let figure17: [Alignment]
  package let remarks: [String]
}
