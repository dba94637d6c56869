import ArgumentParser
import BenchCore
import Foundation
import JSON
import Networks
import Training

/// `pags-bench train`: from a configuration to a checkpoint that `evaluate` measures.
struct TrainCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a network with one of the paper's objectives.",
    discussion: """
      Writes into the folder --output: model.ckpt (PyTorch reads it), its description model.json, recipe.json, from which \
      the training can be repeated, and history.json. A training that was stopped goes on after its last complete epoch when \
      the same command is given again. The same options give the same bytes, whatever --threads is.

      Objectives and what --strength is:
      \(ObjectiveCatalogue.all.map { "  \($0.id): \($0.summary)" }.joined(separator: "\n"))
      Networks: \(TrainableNetwork.architectures.joined(separator: ", "))
      Of autoencoders: \(ReferenceArchitecture.names(of: .autoencoder).joined(separator: ", "))
      Of denoisers and generators: \(ReferenceArchitecture.names(of: .denoiser).joined(separator: ", "))
      """)

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  @Option(help: "The model's id. (default: the folder's name)")
  var id: String?

  @Option(help: "The model's name. (default: network, objective and seed)")
  var name: String?

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup var options: TrainingOptions

  func validate() throws {
    try TrainedModelName.check(id: id, name: name)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let folder = URL(fileURLWithPath: output)
    try OutputPlace.checkFolder(folder)
    var configuration = try options.configuration()
    try checkStrength(configuration)
    let task = try TaskLookup.plugin(configuration.task)
    let taskOptions = try TaskLookup.options(
      configuration.task, data: dataOptions.data, cache: CacheFolder.locate(nil), threads: threadOptions.threads,
      progress: progress)
    // What is recorded is the task's id, also where it was named by a file.
    configuration.task = task.id
    let description =
      switch configuration.kind {
      case .classifier:
        try ClassifierTraining(configuration, task: task, options: taskOptions).run(in: folder, id: id, name: name)
      case .autoencoder, .denoiser:
        try ReferenceTraining(configuration, task: task, options: taskOptions).run(in: folder, id: id, name: name)
      case .generator:
        try GeneratorTraining(configuration, task: task, options: taskOptions).run(in: folder, id: id, name: name)
      }
    progress.end()
    try TrainedModelName.show(description, in: folder, reporting)
  }

  /// What a slip of the command line would otherwise train: a strength that nothing uses, or an objective without any.
  private func checkStrength(_ configuration: TrainingConfiguration) throws {
    let objective = configuration.objective
    // Names it, where there is none of this name.
    _ = try ObjectiveCatalogue.make(objective)
    if objective.name == CrossEntropy.id, objective.strength != 0 {
      throw TrainingError.invalidOption(
        option: "strength", value: "\(objective.strength)",
        expected: "none for \(CrossEntropy.id); name the --objective that it is of")
    }
    if objective.name != CrossEntropy.id, objective.strength == 0, options.strength == nil {
      throw TrainingError.invalidOption(
        option: "strength", value: "0", expected: "a number above 0 for \(objective.name); pass --strength")
    }
  }
}

extension TrainCommand: DeviceCommand {
  /// Those of a training step are the recipe's.
  var batch: Int? { nil }
}
