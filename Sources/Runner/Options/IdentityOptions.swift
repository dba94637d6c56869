import ArgumentParser
import BenchCore

/// `--id` and `--name`: what a model is called, whatever its file or description says.
struct IdentityOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model's id. (default: its description's, otherwise the checkpoint's name and the beginning of its SHA-256)",
      valueName: "id"))
  var id: String?

  @Option(help: ArgumentHelp("The model's name. (default: its description's, otherwise the checkpoint's)"))
  var name: String?

  func validate() throws {
    if let id, !ResultValidation.isIdentifier(id) {
      throw ValidationError(
        "--id must be lower-case letters, digits, `.`, `_`, `-`, at most 100, not beginning with a sign, got `\(id)`")
    }
    if let name, !(1...200).contains(name.count) {
      throw ValidationError("--name must have 1 to 200 characters, got \(name.count)")
    }
  }

  func name(_ record: inout ModelRecord) {
    if let id { record.id = id }
    if let name { record.name = name }
  }
}
