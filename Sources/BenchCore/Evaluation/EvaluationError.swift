import Tensor

/// Why an evaluation was refused or stopped.
public enum EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
  case notEnoughImages(task: String, requested: Int, available: Int)
  case invalidConfiguration(option: String, expected: String, got: String)
  /// A task that contradicts itself: a mistake in its plugin or its data.
  case invalidTask(task: String, problem: String)
  case wrongInputShape(model: String, task: String, expected: Shape, got: Shape)
  case wrongClassCount(model: String, task: String, expected: Int, got: Int)
  /// A classifier that does not return what it promises.
  case wrongOutput(what: String, expected: Shape, got: Shape)
  /// NaN or infinity.
  case nonFinite(what: String, place: String, value: String)
  /// Measured accuracy below the 99 % interval of the claim.
  case claimMissed(model: String, claimed: Double, measured: Double, images: Int, lowest: Double)
  /// The standard twin's logits say nothing of the labels.
  case standardDoesNotClassify(model: String)

  public var description: String {
    switch self {
    case .notEnoughImages(let task, let requested, let available):
      "\(task): \(requested) images asked for, \(available) available; pass --images \(available) or fewer"
    case .invalidConfiguration(let option, let expected, let got):
      "\(option): expected \(expected), got \(got)"
    case .invalidTask(let task, let problem):
      "task \(task): \(problem); check the task's plugin and data"
    case .wrongInputShape(let model, let task, let expected, let got):
      "\(model): takes images \(got), but those of task \(task) are \(expected); choose another --task"
    case .wrongClassCount(let model, let task, let expected, let got):
      "\(model): has \(got) classes, but task \(task) has \(expected); choose another --task"
    case .wrongOutput(let what, let expected, let got):
      "\(what): expected shape \(expected), got \(got); the plugin does not keep its contract"
    case .nonFinite(let what, let place, let value):
      "\(what) is \(value) at \(place); check the network for a division by zero or a root of zero, the checkpoint's weights "
        + "and its normalisation"
    case .standardDoesNotClassify(let model):
      "the standard model \(model) does not classify these images: its logits are no better than guessing, so nothing can be "
        + "relative to it; check its checkpoint and normalisation, or leave --standard out"
    case .claimMissed(let model, let claimed, let measured, let images, let lowest):
      "\(model): measured accuracy \(percent(measured)) on \(images) images, but model.json claims \(percent(claimed)), "
        + "of which at least \(percent(lowest)) is expected (99 % binomial interval); the usual causes: another normalisation "
        + "(preprocessing in model.json, or --mean and --std), channels in another order (BGR), labels or outputs in another order, "
        + "another test set or an easier part of it, weights other than those that were measured (averaged, EMA, or before it)"
    }
  }
}

/// A share as a percentage with two decimals.
func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }
