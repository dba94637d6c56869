import BenchCore

/// Scores, manifolds and metrics of programs in any language (docs/plugin-protocol.md). A program is named by the user, on the command
/// line or in a call: no file and no description makes one run.
package enum ServedReferences {
  /// In the place of a plugin's id: `--score program=CMD`.
  package static let id = "program"

  /// - Returns: the score, and the noise levels it is defined at: those announced, or else those of the options.
  /// - Throws: `ServedPluginError`.
  package static func score(
    _ command: String, _ options: ReferenceOptions, server: ServerRequest
  ) throws -> (score: any Score, noises: [Double]) {
    let reference = try ServedReference(command, .score, options, server: server)
    let score: any Score =
      if let classes = reference.announcement.classCount {
        ServedConditionalScore(reference: reference, classCount: classes)
      } else {
        ServedScore(reference: reference)
      }
    return (score, reference.announcement.noises ?? options.scoreNoises)
  }

  /// - Throws: `ServedPluginError`.
  package static func manifold(
    _ command: String, _ options: ReferenceOptions, server: ServerRequest
  ) throws -> any Manifold {
    let reference = try ServedReference(command, .manifold, options, server: server)
    return ServedManifold(reference: reference, dimension: reference.announcement.dimension ?? 1)
  }

  /// - Throws: `ServedPluginError`.
  package static func metric(
    _ command: String, _ options: ReferenceOptions, server: ServerRequest
  ) throws -> any AlignmentMetric {
    ServedMetric(reference: try ServedReference(command, .metric, options, server: server))
  }
}
