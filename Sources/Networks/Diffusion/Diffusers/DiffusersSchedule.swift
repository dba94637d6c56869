import Checkpoints
import Foundation

/// The noise that a model of diffusers was trained with, from its `scheduler_config.json`: variance preserving, in discrete steps.
///
/// In step t the network has seen sqrt(a) x + sqrt(1 - a) n, where a is the product of 1 - beta up to t. In images whose variance is
/// not reduced that is noise sigma = sqrt((1 - a) / a), so the network is given x / sqrt(1 + sigma^2). Between two steps, the time of
/// a sigma is interpolated, linearly in log sigma; networks take times that are no whole numbers, through their sines and cosines.
struct DiffusersSchedule: Preconditioning {
  enum Prediction: String, Sendable, CaseIterable {
    /// The noise n.
    case epsilon
    /// The image without noise.
    case sample
    /// sqrt(a) n - sqrt(1 - a) x.
    case velocity = "v_prediction"
  }

  let file: String
  let prediction: Prediction
  /// Of the steps, from little noise to much.
  let logSigmas: [Double]

  func factors(sigma: Double) throws -> PreconditioningFactors {
    let time = try time(of: sigma)
    let total = 1 + sigma * sigma
    switch prediction {
    case .epsilon: return .variancePreserving(sigma, noise: time)
    case .sample:
      return PreconditioningFactors(
        skip: 0, out: 1, input: 1 / total.squareRoot(), noise: time, scoreOfImage: -1 / (sigma * sigma),
        scoreOfNetwork: 1 / (sigma * sigma))
    case .velocity:
      return PreconditioningFactors(
        skip: 1 / total, out: -sigma / total.squareRoot(), input: 1 / total.squareRoot(), noise: time,
        scoreOfImage: -1 / total, scoreOfNetwork: -1 / (sigma * total.squareRoot()))
    }
  }

  /// How far beyond the first or the last step a sigma still counts as its own, relative: the steps' own are rounded in the fifth digit.
  private static let rounding = 1e-3

  /// - Throws: `DiffusionError.outsideTraining`.
  private func time(of sigma: Double) throws -> Double {
    guard let lowest = logSigmas.first, let highest = logSigmas.last,
      (lowest - Self.rounding...highest + Self.rounding).contains(log(sigma))
    else {
      // In pixel units a sigma is half of that in [-1, 1].
      throw DiffusionError.outsideTraining(
        file: file, noise: sigma / 2, lowest: exp(logSigmas.first ?? 0) / 2, highest: exp(logSigmas.last ?? 0) / 2)
    }
    let wanted = min(max(log(sigma), lowest), highest)
    let above = logSigmas.firstIndex { $0 >= wanted } ?? logSigmas.count - 1
    guard above > 0 else { return 0 }
    let (low, high) = (logSigmas[above - 1], logSigmas[above])
    return Double(above - 1) + (wanted - low) / (high - low)
  }
}

extension DiffusersSchedule {
  /// Those whose training noise their betas say. Sampling is no concern of ours, in which alone they differ.
  static let classes = [
    "DDPMScheduler", "DDPMParallelScheduler", "DDIMScheduler", "DDIMParallelScheduler", "DDIMInverseScheduler",
    "PNDMScheduler", "DEISMultistepScheduler", "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler",
    "DPMSolverSDEScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler",
    "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "LMSDiscreteScheduler", "SASolverScheduler",
    "UniPCMultistepScheduler",
  ]

  private static let schedules = ["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"]

  /// - Throws: `JSONError`, `DiffusionError.otherSetting`, naming the file.
  init(_ file: CheckpointFile) throws {
    let settings = try DiffusersSettings(file)
    let kind = settings.value("_class_name").map(DiffusersSettings.shown) ?? "left out"
    guard settings.value("_class_name")?.stringValue.map(Self.classes.contains) ?? false else {
      throw settings.refusal(
        "_class_name", kind,
        expected:
          "that of a model trained with betas, such as `DDPMScheduler`; models of other noise are not read, and consistency "
          + "models have no score")
    }
    let predictions = Prediction.allCases.map(\.rawValue)
    let prediction =
      try settings.text("prediction_type", among: predictions).flatMap(Prediction.init) ?? .epsilon
    var betas: [Float]
    let schedule = try settings.text("beta_schedule", among: Self.schedules) ?? "linear"
    if let trained = try settings.list("trained_betas", of: "numbers", { $0.doubleValue }) {
      betas = trained.map(Float.init)
    } else {
      let steps = try settings.integer("num_train_timesteps", in: 2...100_000) ?? 1000
      guard let start = try settings.number("beta_start", in: 0...1),
        let end = try settings.number("beta_end", in: 0...1)
      else {
        // Not every scheduler has the same defaults, and every file says them.
        throw settings.refusal("beta_start` and `beta_end", "left out", expected: "there")
      }
      betas = Self.betas(schedule, from: start, to: end, steps: steps)
    }
    if try settings.flag("rescale_betas_zero_snr") == true { betas = Self.rescaledToZeroSignal(betas) }
    self.init(file: file.name, prediction: prediction, logSigmas: Self.logSigmas(betas))
    guard logSigmas.count >= 2, zip(logSigmas, logSigmas.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw settings.refusal(
        settings.contains("trained_betas") ? "trained_betas" : "beta_schedule", schedule,
        expected: "noise that grows from step to step")
    }
  }

  /// In single precision, step by step as diffusers has them: rounding them otherwise gives a step another noise, in the fifth digit
  /// where there is little of it.
  private static func betas(
    _ schedule: String, from start: Double, to end: Double, steps: Int
  ) -> [Float] {
    /// `torch.linspace`, which counts from the nearer end.
    func line(_ low: Float, _ high: Float) -> [Float] {
      let step = (high - low) / Float(steps - 1)
      return (0..<steps).map { $0 < steps / 2 ? low + step * Float($0) : high - step * Float(steps - 1 - $0) }
    }
    let (low, high) = (Float(start), Float(end))
    switch schedule {
    case "scaled_linear": return line(Float(start.squareRoot()), Float(end.squareRoot())).map { $0 * $0 }
    case "sigmoid": return line(-6, 6).map { (high - low) / (1 + exp(-$0)) + low }
    case "squaredcos_cap_v2":
      return StepSchedule.cosineBetas(steps: steps).map { Float($0) }
    default: return line(low, high)
    }
  }

  /// sqrt(a) shifted and scaled so that it ends at 0 (Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed",
  /// 2024, algorithm 1).
  private static func rescaledToZeroSignal(_ betas: [Float]) -> [Float] {
    let roots = signals(betas).map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last, first > last else { return betas }
    let signals = roots.map { root in
      let scaled = (root - last) * (first / (first - last))
      return scaled * scaled
    }
    return signals.indices.map { 1 - ($0 == 0 ? signals[0] : signals[$0] / signals[$0 - 1]) }
  }

  /// Products, which PyTorch accumulates in double precision and rounds one by one.
  private static func signals(_ betas: [Float]) -> [Float] {
    var product = 1.0
    return betas.map { beta in
      product *= Double(1 - beta)
      return Float(product)
    }
  }

  /// Without a last step that has no signal, whose noise is infinite.
  private static func logSigmas(_ betas: [Float]) -> [Double] {
    signals(betas).map { log(((1 - Double($0)) / Double($0)).squareRoot()) }.prefix { $0.isFinite }.map { $0 }
  }
}
