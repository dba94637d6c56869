import ArgumentParser
import Foundation
import Served

/// What is said on the command line about programs that serve models.
struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run this program and let it serve the model; {checkpoint} stands for the checkpoint's path.",
      valueName: "command"))
  var plugin: String?

  @Flag(help: "Run the program that the model's description names, with all that you may do on this machine.")
  var allowPlugin = false

  @Option(help: ArgumentHelp("How long the program may take to load its model.", valueName: "seconds"))
  var pluginStartLimit: Double = 120

  @Option(help: ArgumentHelp("How long the program may take for one answer.", valueName: "seconds"))
  var pluginLimit: Double = 300

  func validate() throws {
    for (option, value) in [("--plugin-start-limit", pluginStartLimit), ("--plugin-limit", pluginLimit)]
    where !(value > 0 && value <= 1e6) {
      throw ValidationError("\(option) must be above 0 and at most 1000000 seconds, got \(value)")
    }
  }

  /// - Throws: `ValidationError` where neither a model nor a program to serve one is named.
  func check(hasCheckpoint: Bool) throws {
    guard hasCheckpoint || plugin != nil else {
      throw ValidationError("Missing expected argument '<checkpoint>': a checkpoint, a model.json, or --plugin")
    }
  }

  var request: ServerRequest {
    ServerRequest(
      command: plugin, allowsDescriptions: allowPlugin, startLimit: .seconds(pluginStartLimit),
      requestLimit: .seconds(pluginLimit), checkCancellation: { try Interruption.check() })
  }
}
