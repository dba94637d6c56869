import BenchCore
import Tensor

/// Checks of a trained model before it is measured: that it keeps a classifier's contract, and that it responds to images
/// in a way that the measurements can see.
public enum ModelConformance {
  /// In the order of reports: what makes the rest meaningless comes first.
  public static let requirements: [ConformanceRequirement] = [
    .declaration, .noError, .shape, .finite, .determinism, .batchInvariance, .concurrency, .threads, .emptyBatch,
    .consistency, .constantLogits, .deadLogits, .saturation, .zeroGradients, .derivative, .linearity, .cotangents,
    .errorPropagation,
  ]

  /// Of the norm of an image's logits or gradient: float32 sums of many thousand terms in another order stay below it,
  /// dropout and batch normalisation in training mode do not.
  private static let largestRounding = 1e-3

  /// - Parameters:
  ///   - images: `[N, C, H, W]`, several, of the kind the model was trained on.
  ///   - other: the same model loaded for another batch size and number of threads, where there is one.
  ///   - allowsRounding: for models that other libraries compute, whose kernels change with the batch size: where numbers
  ///     that should be the same differ in their last digits alone, that is remarked on and no failure.
  ///   - processor: the same model computed by this machine's processor, where `classifier` is computed by a device.
  ///   - isStrict: whether the device was told to round as float32 does.
  /// - Returns: what holds and what does not. No error is thrown: a model's errors are findings.
  public static func outcome(
    _ classifier: any Classifier, alike other: (any Classifier)? = nil, subject: String, images: Tensor,
    seed: UInt64 = 1, allowsRounding: Bool = false, processor: (any Classifier)? = nil, isStrict: Bool = true
  ) -> ConformanceOutcome {
    var report = ClassifierConformance.report(
      classifier, subject: subject, images: images, seed: seed, rounding: allowsRounding ? largestRounding : 0)
    // Where there are no results of the right shape, there is nothing to look at.
    if report.problems.allSatisfy({ $0.requirement != .shape && $0.requirement != .declaration }) {
      ResponseConformance(classifier: classifier, images: images).run(into: &report)
      if let other { ClassifierConformance.compare(classifier, other, images: images, into: &report) }
      if let processor {
        DeviceComparison(device: classifier, processor: processor, images: images, isStrict: isStrict).run(
          into: &report)
      }
    }
    return ConformanceOutcome(report, requirements: requirements)
  }
}

/// What a model was checked for, and how each came out.
public struct ConformanceOutcome: Sendable {
  public enum Status: String, Sendable {
    case passed
    /// Nothing is wrong, but there is something to know.
    case remarked
    case failed
    /// Something before it failed, or it was not asked for.
    case skipped
  }

  public struct Check: Sendable {
    public let requirement: ConformanceRequirement
    public let status: Status
    /// In words, each once; empty where the check passed or was skipped.
    public let findings: [String]
  }

  public let subject: String
  public let checks: [Check]

  public var passed: Bool { checks.allSatisfy { $0.status != .failed } }
  public var failures: [Check] { checks.filter { $0.status == .failed } }

  init(_ report: ConformanceReport, requirements: [ConformanceRequirement]) {
    subject = report.subject
    let unexpected = report.checked.subtracting(requirements).sorted { $0.rawValue < $1.rawValue }
    checks = (requirements + unexpected).map { requirement in
      func findings(_ list: [ConformanceProblem]) -> [String] {
        var seen: Set<String> = []
        return list.filter { $0.requirement == requirement }.map(\.finding).filter { seen.insert($0).inserted }
      }
      let (problems, remarks) = (findings(report.problems), findings(report.remarks))
      let status: Status =
        if !problems.isEmpty { .failed } else if !remarks.isEmpty { .remarked } else {
          report.checked.contains(requirement) ? .passed : .skipped
        }
      return Check(requirement: requirement, status: status, findings: problems + remarks)
    }
  }
}
