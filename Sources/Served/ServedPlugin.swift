import BenchCore
import Checkpoints
import Foundation
import Tensor

/// A program in any language that serves a model (docs/plugin-protocol.md).
///
/// No file is recognised as one: a program is named by the user or by a description, and runs only where the user allows it.
package struct ServedPlugin: ModelPlugin {
  package static let id = "external"
  package static let version = "1"
  package static let summary =
    "a program in any language, named by --plugin or in model.json, that serves the model itself"

  package static let facts = ModelPluginFacts(
    notes: [
      "Any file is its checkpoint, as long as the program reads it",
      "For models of other frameworks and of GPUs: the program is started, and asked for logits and gradients",
      "A program that model.json names runs only with --allow-plugin: it can do all that you may do on this machine",
    ],
    examples: [
      "pags-bench plugins check MODEL.pt --plugin \"python3 serve.py {checkpoint}\"",
      "pags-bench evaluate model.json --allow-plugin",
    ],
    pages: ["docs/plugin-protocol.md"])

  package init() {}

  package static func recognizes(_ probe: FileProbe) -> Bool { false }

  package func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    guard let program = options.server else { throw ServedPluginError.noProgram(file: checkpoint.name) }
    let conversation = try PluginConversation(program)
    // The program is told how many images a request has before it says how large they are.
    let batch = options.batch(for: options.imageShape ?? [])
    let ready = try conversation.hello(
      PluginMessages.Hello.Subject(
        kind: .classifier, imageShape: options.imageShape, classCount: options.classCount, threads: options.threads),
      batch: batch, as: PluginMessages.Ready.self)
    if let problem = Self.problem(in: ready) { throw conversation.refuse(problem) }
    let shape = Shape(ready.inputShape)
    let imageBytes = shape.count * 4 * batch
    guard imageBytes <= PluginFrame.largestPayload, ready.classCount * 4 * batch <= PluginFrame.largestPayload
    else {
      throw ServedPluginError.requestTooLarge(program: conversation.name, images: batch, shape: shape)
    }
    let normalisation = try ServedNormalisation(ready, description, options, program: conversation.name)
    if ready.capabilities.contains("shared-memory") {
      try conversation.offerSharedMemory(tensorBytes: max(imageBytes, ready.classCount * 4 * batch))
    }
    let hasGradients = ready.capabilities.contains("vjp")
    let classifier = ServedClassifier(
      conversation, inputShape: shape, classCount: ready.classCount, hasGradients: hasGradients, batch: batch,
      normalisation: ready.input == .normalised ? normalisation.preprocessing : nil)
    var notes = [
      "served by `\(conversation.name)` in \(program.folder): \(ready.id) \(ready.version), tensors through "
        + (conversation.sharesMemory ? "shared memory" : "pipes")
    ]
    if !hasGradients { notes.append("the plugin gives no input gradients") }
    notes += normalisation.notes
    notes += (ready.notes ?? []).prefix(20).map { LastWords.printable(String($0.prefix(500))) }
    return LoadedModel(
      classifier: classifier, architecture: ready.architecture ?? Self.architecture(description),
      parameters: ready.parameters ?? 0,
      preprocessing: normalisation.preprocessing, preprocessingIsAssumed: normalisation.isAssumed, notes: notes,
      warnings: normalisation.warnings,
      plugin: .init(id: ready.id, version: ready.version))
  }

  /// What the description calls the network, where the plugin does not.
  private static func architecture(_ description: ModelDescription?) -> String {
    switch description?.architecture {
    case nil: "external"
    case .string(let name)?: name
    default: "layers"
    }
  }

  /// What is wrong with an announcement; nil where it can be used.
  private static func problem(in ready: PluginMessages.Ready) -> String? {
    if let problem = PluginMessages.problem(
      protocol: ready.protocol, kind: ready.kind, wanted: .classifier, id: ready.id, version: ready.version,
      parameters: ready.parameters)
    {
      return problem
    }
    guard PluginMessages.isLine(ready.architecture ?? "external") else {
      return "an architecture that is not one line of 1 to 100 characters"
    }
    let shape = ready.inputShape
    guard shape.count == 3, shape.allSatisfy({ (1...65_536).contains($0) }), shape.reduce(1, *) <= 1 << 28 else {
      return
        "the input shape \(Shape.words(shape)), expected [C, H, W] of at most 2^28 numbers"
    }
    guard (2...PluginMessages.largestClassCount).contains(ready.classCount) else {
      return "\(ready.classCount) classes, expected 2 to \(PluginMessages.largestClassCount)"
    }
    guard let given = ready.preprocessing else { return nil }
    guard given.isComplete(channels: shape[0]) else {
      return "a normalisation that has not one finite mean and one positive deviation for each of \(shape[0]) channels"
    }
    return nil
  }
}
