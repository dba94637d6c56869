import BenchCore

/// A task in words.
enum TaskDescription {
  static func lines(_ task: any BenchmarkTask) -> [String] {
    let constants = task.protocolConstants
    let quality = task.quality
    var lines = [
      "version      \(task.version)",
      "images       \(task.imageShape), \(task.defaultImageCount) by default",
      "classes      \(task.classNames.joined(separator: ", "))",
      "steps        \(list(constants.stepSizes)) (compared at \(constants.wideStep), on-manifold level at \(constants.smallStep))",
      "manifold     \(task.manifold.id), dimension \(task.manifold.dimension)",
      "score        \(task.score.id), at noise \(list(constants.scoreNoises))",
      "reference    \(task.density.id), \(task.densityIsExact ? "exact" : "fitted"); gradients at noise "
        + "\(list(constants.alignmentNoises)), decided at \(constants.decisiveNoise)",
      "its quality  accuracy \(quality.accuracy) on \(quality.images) images"
        + (quality.heldOutLogLikelihood.map { ", held-out log-likelihood \($0) nats per image" } ?? ""),
    ]
    switch task.calibration {
    case .bayes(let gate): lines.append("calibration  the exact Bayes classifier; alignment gate \(gate)")
    case .recorded(let sensitivity, let models):
      lines.append("calibration  on-manifold sensitivity \(sensitivity), from \(models.joined(separator: ", "))")
    case .none: lines.append("calibration  none recorded")
    }
    return lines
  }

  private static func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
}
