import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins

/// Whose images `run` computes with: a file's, or a task's own.
struct RunImageOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Safetensors, .npz or .npy file with `images`.", valueName: "file"), completion: .file())
  var inputs: String?

  @Option(
    help: "Take the first evaluation images of this task in place of --inputs, and write `images` and `labels` too.",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @Option(help: "How many images of --task. (default: \(Self.defaultCount))")
  var images: Int?

  @Option(help: "Seed of the images of --task, where they are drawn. (default: 0)")
  var seed: UInt64?

  private static let defaultCount = 8
  private static let largestCount = OptionBounds.images.upperBound

  func validate() throws {
    switch (inputs, task) {
    case (nil, nil):
      throw ValidationError("whose images? pass --inputs FILE, or --task ID for those of a task")
    case (.some, .some):
      throw ValidationError("--inputs and --task both say whose images; give one of them")
    case (.some, nil):
      for (option, isGiven) in [
        ("--data", dataOptions.data != nil), ("--images", images != nil), ("--seed", seed != nil),
      ] where isGiven { throw ValidationError("\(option) belongs to --task, and not to --inputs") }
    case (nil, .some(let task)): _ = try TaskLookup.plugin(task)
    }
    try OptionBounds.check("--images", images, in: 1...Self.largestCount)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
  }

  /// Files that are read, and must not be replaced.
  var named: [OutputPlace.Input?] { [OutputPlace.Input("the file of --inputs", inputs)] }

  /// In messages.
  var name: String { inputs ?? "task \(task ?? "")" }

  /// - Throws: as `InputImages.read`, and what the task's data throw.
  func read(needingLabels: Bool, threads: Int, progress: any ProgressReporter) throws -> InputImages {
    if let inputs { return try InputImages.read(inputs, needingLabels: needingLabels) }
    let id = task ?? ""
    let set = try TaskLookup.plugin(id).evaluationImages(
      TaskLookup.options(id, data: dataOptions.data, cache: nil, threads: threads, progress: progress),
      count: images ?? Self.defaultCount, seed: seed ?? 0)
    return InputImages(images: set.images, labels: set.labels)
  }

  /// The images of a task, for whoever wants to put the same ones through the network elsewhere.
  func written(_ given: InputImages) -> [TensorToWrite] {
    task == nil
      ? []
      : [
        TensorToWrite("images", given.images),
        TensorToWrite(name: "labels", shape: [given.labels.count], integers: given.labels.map(Int64.init)),
      ]
  }
}
