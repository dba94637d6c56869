import ArgumentParser
import BenchCore
import Conformance
import Foundation
import JSON
import Plugins

/// `plugins check --score ...`: whether scores, manifolds and metrics can be measured with.
struct ReferenceCheck: ParsableArguments {
  @OptionGroup var maps: MapSelection

  @Option(
    help: ArgumentHelp("A metric: `ID`, `ID=FILE` or `program=CMD`.", valueName: "metric"),
    completion: .list(PagsBench.plugins.usages(.metric)),
    transform: { try ReferenceChoice(argument: $0, of: .metric) })
  var metric: ReferenceChoice?

  var isAsked: Bool { maps.manifold != nil || maps.score != nil || metric != nil }

  struct Outcome: Encodable {
    let subject: String
    let findings: [Finding]

    struct Finding: Encodable {
      let requirement: String
      let finding: String
      let meaning: String
    }

    init(_ subject: String, _ problems: [ConformanceProblem]) {
      self.subject = subject
      findings = problems.map {
        Finding(requirement: $0.requirement.rawValue, finding: $0.finding, meaning: $0.requirement.meaning)
      }
    }

    var text: String {
      findings.isEmpty
        ? "\(subject): conforms"
        : findings.map { "\(subject): FAILED: \($0.finding). \($0.meaning) (\($0.requirement))" }
          .joined(separator: "\n")
    }
  }

  /// - Parameter task: whose images and noise levels they are tried on.
  /// - Throws: what making them throws.
  func outcomes(_ task: any BenchmarkTask, images count: Int, seed: UInt64, threads: Int) throws -> [Outcome] {
    let images = try task.evaluationImages(count: count, seed: seed).images
    let measured = try maps.files.task(task, threads: threads, plugins: PagsBench.plugins, files: .locate())
    var outcomes: [Outcome] = []
    if maps.manifold != nil, let manifold = measured.manifold {
      outcomes.append(
        Outcome("manifold \(manifold.id)", ManifoldConformance.problems(manifold, images: images, seed: seed)))
    }
    if maps.score != nil, let score = measured.score ?? measured.scaledScore?.base {
      let images = measured.scoreComparison?.scaled(images) ?? images
      let noises = measured.protocolConstants.scoreNoises.filter { $0 > 0 }
      outcomes.append(
        Outcome("score \(score.id)", ScoreConformance.problems(score, images: images, noises: noises, seed: seed)))
    }
    if let metric {
      let made = try ReferenceLoader(PagsBench.plugins).metrics([metric], for: task, threads: threads).last
      if let made {
        outcomes.append(
          Outcome(
            "metric \(made.id)", MetricConformance.problems(made, imageShape: task.comparedShape, seed: seed)))
      }
    }
    return outcomes
  }
}
