import ArgumentParser
import Foundation

/// `--data`, of every command that reads a task's images.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The task's data set: its folder, the one that holds it, or its archive.", valueName: "dir"),
    completion: .file())
  var data: String?

  func validate() throws {
    guard let data, !FileManager.default.fileExists(atPath: data) else { return }
    throw ValidationError("--data: there is no folder or file \(data)")
  }
}
