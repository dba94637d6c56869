import ArgumentParser
import Attacks
import BenchCore
import Plugins

/// `--attacks` and `--attacked-images`, of every command that evaluates.
struct EvaluationAttackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also attack the model, with these: names with commas between them, as of the command attack (docs/attacks.md). (default: none)",
      valueName: "names"), completion: .list(AttackCatalogue.entries.map(\.id)))
  var attacks: [String] = []

  @Option(
    help: ArgumentHelp(
      "How many images are attacked, the first of those measured. (default: 200, or all where there are fewer)",
      valueName: "n"))
  var attackedImages: Int?

  var names: [String] {
    attacks.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  func validate() throws {
    try OptionBounds.check("--attacked-images", attackedImages, in: OptionBounds.images)
    for name in names {
      do { _ = try AttackCatalogue.make(name) } catch { throw ValidationError("--attacks: \(error)") }
    }
    guard Set(names).count == names.count else {
      throw ValidationError("--attacks: expected each once, got \(names.joined(separator: ","))")
    }
    if attackedImages != nil, names.isEmpty {
      throw ValidationError("--attacked-images says how many images --attacks are made on; name one")
    }
  }

  func choose(in options: inout EvaluationOptions) {
    options.attacks = names
    options.attackedImages = attackedImages
  }
}
