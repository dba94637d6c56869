import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON
import Plugins

/// `--protocol paper`: what the paper's public code would show, beside the summary of this project's own choices.
enum MeasuringProtocol: String, ExpressibleByArgument, CaseIterable {
  case paper
}

struct PaperReport {
  let figures: PaperFigures

  /// `FILE.paper.json` for the result `FILE.json`.
  static func url(beside result: URL) -> URL { result.deletingPathExtension().appendingPathExtension("paper.json") }

  func write(beside result: URL) throws -> String {
    let place = Self.url(beside: result)
    try AtomicFile.write(try JSONEncoding.encode(figures), to: place.path)
    return place.path
  }

  var text: String {
    var lines = ["As the paper's code has it (docs/paper.md)"]
    lines.append("  accuracy \(Self.number(figures.accuracy)) of \(figures.accuracy.images) images")
    for entry in figures.sensitivity {
      lines.append(
        "  step \(fixed(entry.stepSize, 3)): softmax L1 \(Self.number(entry.onManifold)) on, "
          + "\(Self.number(entry.offManifold)) off the manifold, the first \(entry.onManifold.images) images"
          + (entry.isFigure3 ? " (figure 3)" : ""))
    }
    for (name, entries) in [
      ("figure 3", figures.figure3), ("figure 4", figures.figure4), ("figure 17", figures.figure17),
    ] {
      for entry in entries {
        let metric = entry.metric.hasPrefix("lpips") ? "1 - LPIPS (\(entry.metric))" : entry.metric
        lines.append(
          "  \(metric) of \(entry.target) with the score at sigma \(fixed(entry.sigma, 2)): "
            + "\(Self.number(entry.alignment)), \(entry.alignment.images) images (\(name))")
        let controls = entry.controls.map { "\($0.name) \(Self.number($0.mean))" }
        lines += ResultSummary.wrapped("controls: " + controls.joined(separator: ", "), indent: "    ", hanging: "    ")
      }
    }
    for remark in figures.remarks { lines += ResultSummary.wrapped(remark, indent: "  - ", hanging: "    ") }
    return "\n" + lines.joined(separator: "\n")
  }

  private static func number(_ mean: PaperFigures.Mean) -> String {
    (mean.value.map { fixed($0, 3) } ?? "-") + (mean.undefined > 0 ? " (\(mean.undefined) undefined)" : "")
  }
}
