import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Training

/// `pags-bench twin`: the network of a model, trained without a robustness objective.
struct TwinCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "twin", abstract: "Trains a model's network anew without a robustness objective: its standard.",
    discussion: """
      The same layers, tensors of the same names and shapes and the same normalisation, from fresh weights with \
      cross-entropy on the task's training images. The network is a built-in architecture or the layer list of the model's \
      description; an ONNX graph and a model that a program serves have none by themselves, and want one with --model.

      Writes into the folder --output what `train` writes: model.ckpt, its description model.json, recipe.json and \
      history.json. A training that was stopped goes on when the same command is given again; the same options give the same \
      bytes, whatever --threads is. How long and with what: docs/train.md, "Standard twins".
      """)

  @Argument(help: "The model's checkpoint or model.json.", completion: .file())
  var checkpoint: String

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(
    help: "Task whose training images are used. (default: the task of the model's description, otherwise glyphs)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var network: NetworkOptions

  @OptionGroup var threadOptions: ThreadOptions

  @Option(help: "The twin's id. (default: the model's with -twin)")
  var id: String?

  @Option(help: "The twin's name. (default: the model's id, cross-entropy and the seed)")
  var name: String?

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @Option(
    help: ArgumentHelp(
      "Recipe to begin with, such as that of the model itself; its network, task and objective are left aside.",
      valueName: "file"), completion: .file())
  var recipe: String?

  @Option(help: "Passes over the images. (default: \(TwinTraining.defaultEpochs))")
  var epochs: Int?

  @OptionGroup(title: "Training, as of the command train") var course: CourseOptions

  func validate() throws {
    try TrainedModelName.check(id: id, name: name)
    if let task { _ = try TaskLookup.plugin(task) }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let folder = URL(fileURLWithPath: output)
    try OutputPlace.checkFolder(folder)
    let configuration = try configuration()
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let candidate = try ModelLoader(files, plugins: PagsBench.plugins.models).find(
      checkpoint, description: network.model, server: nil)
    let taskID = task ?? candidate.description?.task ?? "glyphs"
    let plugin = try TaskLookup.plugin(taskID)
    let taskOptions = try TaskLookup.options(
      taskID, data: dataOptions.data, cache: CacheFolder.locate(nil), threads: threadOptions.threads, progress: progress
    )
    let original = TwinTraining.Original(
      id: candidate.description?.id
        ?? ModelRecord.id(
          fromFile: candidate.checkpoint.name, sha256: candidate.checkpoint.sha256),
      checkpoint: candidate.checkpoint, description: candidate.description, architecture: network.arch,
      preprocessing: try network.preprocessing(), resize: try network.size(), weights: network.choice)
    let training = try TwinTraining(of: original, configuration, task: plugin, options: taskOptions)
    if training.preprocessingIsAssumed {
      CommandLineOutput.note(
        "WARNING: nothing says how pixels are normalised; ASSUMED none. If the model was trained on normalised pixels, its "
          + "twin must be: pass --mean and --std, or write a model.json")
    }
    let description = try training.run(in: folder, id: id, name: name)
    progress.end()
    try TrainedModelName.show(description, in: folder, reporting)
  }

  /// - Throws: `TrainingError`, `JSONError`.
  func configuration() throws -> TrainingConfiguration {
    var result = TrainingConfiguration()
    result.epochs = TwinTraining.defaultEpochs
    if let recipe { result = try TrainingConfiguration.read(URL(fileURLWithPath: recipe)) }
    if let epochs { result.epochs = epochs }
    course.replace(&result)
    try result.check()
    return result
  }
}
