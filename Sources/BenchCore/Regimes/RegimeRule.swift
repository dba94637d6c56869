/// The versions of the rule that names a regime. docs/regime-rule.md derives them.
package enum RegimeRule {
  /// The one that `evaluate` applies.
  package static let version = RegimeRuleV2.version
  package static let versions = [RegimeRuleV1.version, RegimeRuleV2.version]
  /// The share of bootstrap resamples that a label needs.
  package static let requiredConfidence = 0.95

  /// Applies a version of the rule to stored samples.
  /// - Throws: `RegimeRuleError` for an unknown version, and for samples that were measured before it.
  package static func verdict(
    version: String = Self.version, from means: ResampledMeans, _ inputs: RegimeInputs
  ) throws(RegimeRuleError) -> RegimeVerdict {
    switch version {
    case RegimeRuleV1.version:
      try require(RegimeRuleV1.columns(inputs), of: means, version)
      return RegimeRuleV1.verdict(from: means, inputs)
    case RegimeRuleV2.version:
      try require(RegimeRuleV2.columns(inputs), of: means, version)
      guard inputs.criteria != nil else { throw .noCriteria(version: version) }
      return RegimeRuleV2.verdict(from: means, inputs)
    default: throw .unknownVersion(version)
    }
  }

  private static func require(
    _ columns: [String], of means: ResampledMeans, _ version: String
  ) throws(RegimeRuleError) {
    if let missing = columns.first(where: { means[$0] == nil }) {
      throw .missingColumn(missing, version: version)
    }
  }
}

/// Why a rule cannot be applied.
package enum RegimeRuleError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownVersion(String)
  case missingColumn(String, version: String)
  case noCriteria(version: String)

  package var description: String {
    switch self {
    case .unknownVersion(let version):
      "there is no rule `\(version)`; known are \(RegimeRule.versions.joined(separator: ", "))"
    case .missingColumn(let column, let version):
      "the samples have no column `\(column)`, which rule \(version) needs: they were measured by an older version or without "
        + "it; evaluate the model again"
    case .noCriteria(let version):
      "the task states no criteria for rule \(version); it is not applied"
    }
  }
}
