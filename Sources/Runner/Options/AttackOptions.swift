import ArgumentParser
import Attacks
import BenchCore
import Foundation

/// Which attacks, and with what.
struct AttackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An attack: \(AttackCatalogue.entries.map(\.id).joined(separator: ", ")); may be repeated. (default: pgd-linf and pgd-l2)",
      valueName: "id"), completion: .list(AttackCatalogue.entries.map(\.id)))
  var attack: [String] = []

  @Option(
    help: ArgumentHelp(
      "Attack at this radius alone, in pixel units, such as 0.5 or 8/255, instead of looking for the smallest one; may be "
        + "repeated.", valueName: "r"))
  var radius: [Radius] = []

  @Option(help: ArgumentHelp("Relative width at which the bisection of radii ends.", valueName: "t"))
  var tolerance: Double = AttackPlan.defaultTolerance

  @Option(help: "Gradient steps of a run. (default: the attack's own, docs/attacks.md)")
  var steps: Int?

  @Option(help: "Runs of each loss or target. (default: 1)")
  var restarts: Int?

  @Option(
    help: ArgumentHelp(
      "What pgd increases: \(AttackLoss.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated, a run for each. (default: "
        + "cross-entropy and margin)", valueName: "loss"))
  var loss: [AttackLoss] = []

  @Option(help: "Forward passes of each image, of attacks without gradients. (default: 5000)")
  var queries: Int?

  @Flag(help: "Do not clip attacked images to the values that pixels of the task can have.")
  var noClip = false

  @Flag(help: "Leave out the checks for masked gradients.")
  var noChecks = false

  @Option(
    help: ArgumentHelp(
      "Also write the attacked images, of one attack: safetensors with `images`, float32 [N, C, H, W].",
      valueName: "file"), completion: .file())
  var adversarial: String?

  @Option(
    help: ArgumentHelp(
      "Run no attack: measure the attacked images of this file, `images` in the order of the task's, of whatever making.",
      valueName: "file"), completion: .file())
  var verify: String?

  /// A number, or a fraction as `8/255`.
  struct Radius: ExpressibleByArgument {
    let value: Double
    let name: String

    init?(argument: String) {
      let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
      guard (1...2).contains(parts.count), let above = parts[0], let below = parts.count == 2 ? parts[1] : 1,
        (above / below).isFinite, AttackOptions.radii.contains(above / below)
      else { return nil }
      value = above / below
      name = argument
    }
  }

  /// Nothing smaller is told apart in float32, and no image is as wide.
  static let radii = 1e-6...1e6
  static let tolerances = 1e-4...0.5
  static let steps = 1...100_000
  static let restarts = 1...1000
  static let queries = 1...1_000_000

  func validate() throws {
    try TensorOutput.check("--adversarial", adversarial)
    try OptionBounds.check("--tolerance", tolerance.isNaN ? 0 : tolerance, in: Self.tolerances)
    try OptionBounds.check("--steps", steps, in: Self.steps)
    try OptionBounds.check("--restarts", restarts, in: Self.restarts)
    try OptionBounds.check("--queries", queries, in: Self.queries)
    guard Set(loss).count == loss.count else { throw ValidationError("--loss: each once") }
    if !loss.isEmpty, !attack.isEmpty, !attack.contains(where: { $0.hasPrefix("pgd-") }) {
      throw ValidationError("--loss is that of pgd-linf and pgd-l2; the other attacks have their own")
    }
    if adversarial != nil, attack.count != 1 {
      throw ValidationError("--adversarial writes what one --attack makes; name one")
    }
    if verify != nil, adversarial != nil || !attack.isEmpty {
      throw ValidationError("--verify runs no attack: leave out --attack and --adversarial")
    }
    do {
      _ = try attacks()
    } catch let error as AttackError { throw ValidationError("\(error)") }
  }

  func attacks() throws -> [any Attack] {
    let chosen = attack.isEmpty ? ["pgd-linf", "pgd-l2"] : attack
    return try chosen.map {
      try AttackCatalogue.make(
        $0, .init(steps: steps, restarts: restarts, queries: queries, losses: loss.isEmpty ? nil : loss))
    }
  }

  /// Those of --radius, which no search goes on from.
  var givenRadii: AttackRadii? {
    radius.isEmpty ? nil : AttackRadii(reported: radius.map { .init(radius: $0.value, name: $0.name) }, grid: [])
  }

  /// With the radii that were given, from which no search goes on.
  /// - Throws: `ValidationError` where a sequence of attacks has no radius.
  func plan(of attack: any Attack, on target: AttackTarget) throws -> AttackPlan {
    if let givenRadii { return AttackPlan(attack, radii: givenRadii, tolerance: nil) }
    do {
      return try .usual(attack, task: target.taskID, pixels: target.set.images.stride, tolerance: tolerance)
    } catch { throw ValidationError("\(error)") }
  }
}

extension AttackLoss: ExpressibleByArgument {}
