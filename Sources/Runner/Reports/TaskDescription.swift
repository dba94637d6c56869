import BenchCore
import Foundation

/// A task in words, as far as it is known.
enum TaskDescription {
  /// Of what is known without data.
  /// - Parameter name: that the task was asked for by; nil for its id.
  static func card(_ plugin: any TaskPlugin, named name: String? = nil) -> Card {
    let facts = plugin.facts
    var card = Card(id: plugin.id, kind: "task", summary: plugin.summary)
    if let version = facts.version {
      card.add(
        "version", "\(version)", "raised whenever a constant changes; results of different versions are not compared")
    }
    if let shape = facts.imageShape {
      card.add("images", "\(size(shape.dimensions)) (channels x height x width)")
    }
    if !facts.classNames.isEmpty {
      card.add("classes", Self.classes(facts.classNames))
    }
    if let needed = plugin.dataRequirement {
      card.add("data", "--data DIR with \(needed)", "or DIR in PAGS_BENCH_DATA/\(plugin.id)")
      if let source = facts.dataSource { card.add("from", source) }
    } else {
      card.add("data", "none needed")
    }
    if let cost = facts.cost { card.add("takes", cost) }
    if let constants = facts.constants { add(constants, to: &card) }
    if let comparison = facts.scoreComparison { card.add("score", words(comparison)) }
    for reference in facts.references { card.add("reference", reference) }
    card.examples = examples(plugin, name, own: facts.scoreComparison == nil ? "bayes" : nil)
    return card
  }

  /// The first of many names.
  private static func classes(_ names: [String]) -> String {
    let most = 200
    return "\(names.count): " + (names.count > most ? names.prefix(10) + ["..."] : names).joined(separator: ", ")
  }

  private static func words(_ comparison: ScoreComparison) -> String {
    "that of --score, of images scaled down to \(size(comparison.shape.dimensions))"
      + (comparison.ofTrueClass ? ", for the true class where it knows classes" : "")
  }

  /// - Parameter own: what the task has in the place of a model; nil for nothing.
  private static func examples(_ plugin: any TaskPlugin, _ name: String?, own: String?) -> [String] {
    let (name, data) = (name ?? plugin.id, plugin.dataRequirement == nil ? "" : " --data DIR")
    return [
      "pags-bench evaluate MODEL.pth --task \(name)\(data)"
    ] + (own.map { ["pags-bench evaluate \($0) --task \(name)\(data)"] } ?? []) + [
      "pags-bench tasks show \(name)\(data) --samples samples.png"
    ]
  }

  /// With the task itself.
  static func card(_ plugin: any TaskPlugin, _ task: any BenchmarkTask, named name: String? = nil) -> Card {
    var card = Card(id: plugin.id, kind: "task", summary: plugin.summary)
    card.add(
      "version", "\(task.version)", "raised whenever a constant changes; results of different versions are not compared"
    )
    card.add(
      "images", "\(size(task.imageShape.dimensions)) (channels x height x width), \(task.defaultImageCount) by default")
    if let remark = task.dataRemark { card.add("data", "WARNING: \(remark)") }
    card.add("classes", Self.classes(task.classNames))
    if let cost = plugin.facts.cost { card.add("takes", cost) }
    add(task.protocolConstants, to: &card)
    card.add(
      "manifold",
      task.manifold.map { "\($0.id), \($0.dimension) dimensions of \(task.imageShape.count)" } ?? "none")
    card.add("score", task.scoreComparison.map(words) ?? task.score?.id ?? "none")
    if let density = task.density {
      card.add(
        "density", "\(density.id), \(task.densityIsExact ? "exact" : "fitted to the training images")",
        task.densityIsExact
          ? "images are drawn from it, so its classifier is Bayes-optimal"
          : "a model of the images, no truth; see its quality")
    } else {
      card.add("density", "none")
    }
    if let quality = task.quality {
      card.add(
        "quality",
        "its classifier has accuracy \(String(format: "%.3f", quality.accuracy)) on \(quality.images) images"
          + (quality.heldOutLogLikelihood.map {
            String(format: ", held-out log-likelihood %.1f nats per image", $0)
          } ?? ""))
    }
    if let criteria = task.criteria { add(criteria, of: task, to: &card) }
    if task.closestPoints != nil {
      card.add("direction", "the way from an image to another class is exact", "docs/direction.md")
    }
    if task.marginClassifier != nil {
      card.add("margin", "the classifier of the largest margin is known: a model called `margin`")
    }
    if !task.missingForRule.isEmpty {
      card.add(
        "rule \(RegimeRule.version)", "is not applied, and no regime is named",
        "without " + task.missingForRule.map(\.rawValue).joined(separator: ", ")
          + (task.ruleContradiction.map { "; and it would not fit, because \($0)" } ?? ""))
    }
    for reference in plugin.facts.references { card.add("reference", reference) }
    card.examples = examples(
      plugin, name, own: task.density != nil ? "bayes" : task.marginClassifier != nil ? "margin" : nil)
    return card
  }

  private static func add(_ criteria: RegimeCriteria, of task: any BenchmarkTask, to card: inout Card) {
    card.add("tells apart", criteria.tells)
    card.add(
      "rule \(RegimeRule.version)",
      "robust off the manifold: R below \(criteria.robustRatio); aligned: share of the image's own at least "
        + "\(criteria.specificShare)" + (criteria.cosine.map { ", cosine at least \($0)" } ?? "")
        + "; lost: accuracy above chance below \(criteria.densityAccuracy) of the density's",
      "docs/regime-rule.md")
    card.add(
      "standards",
      task.densityIsExact
        ? "the exact Bayes classifier on the same images"
        : criteria.standards.isEmpty
          ? "none recorded; pass --standard FILE"
          : criteria.standards.map {
            "\($0.name): accuracy \($0.accuracy), on-manifold sensitivity \($0.onManifold)"
          }.joined(separator: "; "),
      "what A and K are relative to where no --standard is given")
  }

  private static func add(_ constants: ProtocolConstants, to card: inout Card) {
    card.add(
      "steps", list(constants.stepSizes), "lengths of the perturbations on and off the manifold, in pixel units")
    card.add(
      "wide step", short(constants.wideStep), "where off- and on-manifold sensitivity are compared: R of the rule")
    card.add(
      "small step", short(constants.smallStep), "where on-manifold sensitivity is compared with the reference's: K")
    card.add("score noise", list(constants.scoreNoises), "noise levels of the score that gradients are compared with")
    card.add(
      "alignment", "at noise \(list(constants.alignmentNoises)), decided at \(constants.decisiveNoise)",
      "smoothing of the reference classifier whose gradient G is taken with")
    card.add("robustness", "noise \(constants.robustnessNoise)", "of definition 1 of the relative robustness")
  }

  private static func size(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: " x ") }

  private static func list(_ values: [Double]) -> String { values.map(short).joined(separator: ", ") }

  /// Four digits: results hold the constants in full.
  private static func short(_ value: Double) -> String { significant(value, digits: 4, trimming: true) }
}
