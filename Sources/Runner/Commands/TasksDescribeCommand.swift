import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON
import Plugins

/// `pags-bench tasks describe`: a data set of one's own becomes a task.
struct TasksDescribeCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Makes a task of a data set of your own.",
    discussion: """
      Looks for images and labels in DATA: a .npz file with arrays such as x_train, y_train, x_test, y_test or train_images, \
      train_labels, ...; train.npz and test.npz; or folders train and test with one folder of .png or .jpg files for each class. Chooses step \
      sizes and the mixture by the training images, which takes minutes, and writes a task.json with all constants, which every --task takes: \
      `evaluate MODEL --task DATA/task.json`. How to: docs/own-data.md
      """)

  @Argument(help: ArgumentHelp("The data set's folder, or its .npz file.", valueName: "data"), completion: .file())
  var data: String

  @Option(help: "The task's id. (default: from the name of the folder or file)")
  var id: String?

  @Option(help: "The data set's name. (default: the id)")
  var title: String?

  @Option(help: ArgumentHelp("Bring the shorter side of images in folders to this first.", valueName: "side"))
  var resize: Int?

  @Option(help: ArgumentHelp("Take the middle of images in folders.", valueName: "h,w"))
  var crop: String?

  @Option(
    help: ArgumentHelp("Where to write. (default: task.json in the data's folder)", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  private static let sides = 4...512

  func validate() throws {
    try OptionBounds.check("--resize", resize, in: Self.sides)
    _ = try cropSides()
    if let id, !ResultValidation.isIdentifier(id) {
      throw ValidationError(
        "--id must be lower-case letters, digits, `.`, `_`, `-`, not beginning with a sign, got `\(id)`")
    }
  }

  private func cropSides() throws -> [Int]? {
    guard let crop else { return nil }
    let sides = crop.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(sides.count), sides.allSatisfy(Self.sides.contains) else {
      throw ValidationError(
        "--crop must be height and width, or one number for both, from \(Self.sides.lowerBound) to "
          + "\(Self.sides.upperBound), got `\(crop)`")
    }
    return [sides[0], sides[sides.count - 1]]
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let place = URL(fileURLWithPath: data)
    let inspection = TaskInspection(place, resize: resize, crop: try cropSides(), beside: PagsBench.plugins.tasks)
    let found = try inspection.find()
    var isFolder: ObjCBool = false
    let folder =
      FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) && isFolder.boolValue
      ? place : place.deletingLastPathComponent()
    let file = output.map { URL(fileURLWithPath: $0) } ?? folder.appendingPathComponent("task.json")
    if let old = try OutputPlace.check(file, as: .taskDocument, apartFrom: [OutputPlace.Input("the data", data)]) {
      CommandLineOutput.note("\(file.relativePath): holds the description of \(old), which will be replaced")
    }
    let name = id ?? TaskInspection.id(from: place.standardizedFileURL.lastPathComponent)
    let document = try inspection.document(
      found, id: name, title: title ?? name, options: TaskOptions(threads: threadOptions.threads, progress: progress))
    progress.end()
    try Interruption.check()
    try Folder.make(file.deletingLastPathComponent())
    let written = document.relocated(from: folder, to: file.deletingLastPathComponent())
    try AtomicFile.write(JSONEncoding.encode(written), to: file.path)
    try reporting.result(
      written,
      text: """
        task \(document.id): \(document.imageShape.map(String.init).joined(separator: " x ")), \(document.classes.count) classes
        steps of length \(document.stepSizes.map { significant($0) }.joined(separator: ", "))
        mixture of \(document.mixture.factors) factors, prior worth \(significant(document.mixture.priorImages)) images
        next: pags-bench evaluate MODEL --task \(file.relativePath)
        """)
    if !reporting.quiet { CommandLineOutput.note("wrote \(file.relativePath)") }
  }
}
