import BenchCore
import Figures

/// What is drawn of one result.
struct ModelCurves {
  private let result: EvaluationResult

  init(_ result: EvaluationResult) { self.result = result }

  /// Sensitivity on and off the manifold over the step size.
  var steps: View? {
    let entries = result.measurements.sensitivity
    return view(
      CurvePlot(
        label: "Sensitivity on and off the manifold against the step size; the table below has the numbers.",
        x: "step, L2 in pixel units", y: "sensitivity",
        curves: [
          .init(name: "on the manifold", style: "on", samples: entries.map { ($0.stepSize, $0.onManifold) }),
          .init(name: "off the manifold", style: "off", samples: entries.map { ($0.stepSize, $0.offManifold) }),
        ]))
  }

  /// Change of predictions under noise on the signal and on what carries no label.
  var distractor: View? {
    let entries = result.measurements.distractor ?? []
    return view(
      CurvePlot(
        label: "Change of predictions under noise on the signal and on the distractor, against the noise.",
        x: "noise, per pixel", y: "change of predictions",
        curves: [
          .init(name: "on the signal", style: "on", samples: entries.map { ($0.noise, $0.signal) }),
          .init(name: "on the distractor", style: "off", samples: entries.map { ($0.noise, $0.distractor) }),
        ], isLogarithmic: true))
  }

  /// Accuracy that is left, of each attack at the radii that others report.
  var attacks: View? {
    // A curve each for the two norms at most: more could not be told apart, and the table has all.
    let entries = (result.robustness ?? []).filter { $0.robustAccuracy.count > 1 }
    guard entries.count == 1, let entry = entries.first else { return nil }
    return view(
      CurvePlot(
        label: "Accuracy that is left under \(entry.attack.id), against the radius.", x: "radius, pixel units",
        y: "robust accuracy",
        curves: [
          .init(name: entry.attack.id, style: "on", samples: entry.robustAccuracy.map { ($0.radius, $0.accuracy) })
        ]))
  }

  private func view(_ plot: CurvePlot) -> View? {
    plot.svg.map { ["svg": $0, "legend": plot.legend] }
  }
}
