import ArgumentParser
import BenchCore
import Figures
import Foundation
import Plugins
import Sheets

/// Which images are shown, how, and where to.
struct SheetOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The sheet to write: .svg, .pdf or .png.", valueName: "file"), completion: .file())
  var output: String

  @Option(
    help: "Task whose images are shown. (default: the task of the first model's description, otherwise glyphs)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @Option(help: "Number of images: the first so many. (default: 8)")
  var images: Int?

  @Option(
    help: ArgumentHelp(
      "Instead: places of the images in the evaluation set, from 0, in the order they are shown.", valueName: "a,b,c"))
  var indices: String?

  @Option(help: "Seed of drawn images and of directions.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Side of the square that a pixel becomes, in 1/96 inch, 1 to 16. (default: a picture is about an inch wide)",
      valueName: "n"))
  var magnification: Int?

  @Option(help: ArgumentHelp("Pixels of a .png for 1/96 inch, 1 to 8.", valueName: "n"))
  var scale: Int = SheetFile.defaultScale

  static let imageLimit = 1...400
  /// Images are drawn or read up to the last one that is shown.
  static let indexLimit = 0...99_999

  func validate() throws {
    _ = try SheetFile(output)
    if images != nil, indices != nil { throw ValidationError("--images and --indices exclude each other") }
    try OptionBounds.check("--images", images, in: Self.imageLimit)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    try OptionBounds.check("--magnification", magnification, in: 1...16)
    try OptionBounds.check("--scale", scale, in: ImageSheet.pictureScales)
    _ = try positions(default: 1)
    if let task { _ = try TaskLookup.plugin(task) }
  }

  /// Places of the images in the evaluation set.
  func positions(default count: Int) throws -> [Int] {
    guard let indices else { return Array(0..<(images ?? count)) }
    let positions = try indices.split(separator: ",", omittingEmptySubsequences: false).map { part -> Int in
      guard let number = Int(part.trimmingCharacters(in: .whitespaces)), Self.indexLimit.contains(number) else {
        throw ValidationError(
          "--indices must be whole numbers from 0 to \(Self.indexLimit.upperBound), separated by commas, got `\(part)`")
      }
      return number
    }
    try OptionBounds.check("--indices: the number of images", positions.count, in: Self.imageLimit)
    return positions
  }

  /// The images at these places.
  /// - Parameter set: the first so many images of the task.
  func chosen(
    _ positions: [Int], task: String, classCount: Int, _ set: (_ count: Int) throws -> ImageSet
  ) throws -> ChosenImages {
    let count = (positions.max() ?? 0) + 1
    let set = try set(count)
    guard set.labels.count >= count else {
      throw EvaluationError.invalidTask(task: task, problem: "gave \(set.labels.count) images, expected \(count)")
    }
    return try ChosenImages(positions, of: set, task: task, classCount: classCount)
  }
}

/// What stands in a sheet's columns, and how maps become pictures.
struct MapSheetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What stands in the columns: \(SheetColumn.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "a,b,c"))
  var columns: String?

  @Option(help: ArgumentHelp("Function of the logits whose input gradient is shown.", valueName: "target"))
  var gradient: GradientTarget = EvaluationConfiguration.decisiveTarget

  @Option(
    help: ArgumentHelp(
      "Noise levels of the score, the first of which gradients are compared at. (default: the task's own)",
      valueName: "a,b,c"))
  var noise: String?

  @Option(
    help: ArgumentHelp(
      "Also compare gradients by this metric: its name, or `ID=FILE` where it has weights; may be repeated.",
      valueName: "metric"), completion: .list(PagsBench.plugins.usages(.metric)),
    transform: { try ReferenceChoice(argument: $0, of: .metric) })
  var metric: [ReferenceChoice] = []

  @Option(
    help: ArgumentHelp(
      "How a map becomes a picture, each by itself and grey where it is 0: divided by its largest absolute value (maximum), by 3 "
        + "standard deviations (deviations), by the 99th percentile of the absolute values (percentile).",
      valueName: "scaling"))
  var scaling: SignedScaling = .maximum

  @Option(
    help: ArgumentHelp(
      "Name of a model on the sheet; given once for each model. (default: the name in its description)",
      valueName: "text"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "Order of the models: as given, by the strength of their objective (in the recipe.json beside them), or by name.",
      valueName: "order"))
  var order: ModelOrder = .given

  @Flag(help: "Images in columns.")
  var transpose = false

  func validate() throws {
    _ = try chosenColumns()
    _ = try noises()
  }

  /// - Returns: nil where none were chosen.
  func chosenColumns() throws -> [SheetColumn]? {
    guard let columns else { return nil }
    return try columns.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let name = part.trimmingCharacters(in: .whitespaces)
      guard let column = SheetColumn(rawValue: name) else {
        throw ValidationError(
          "--columns: there is no column `\(name)`; known are \(SheetColumn.allCases.map(\.rawValue).joined(separator: ", "))"
        )
      }
      return column
    }
  }

  /// - Returns: nil where none were chosen.
  func noises() throws -> [Double]? {
    guard let noise else { return nil }
    let noises = try noise.split(separator: ",", omittingEmptySubsequences: false).map { part -> Double in
      guard let number = Double(part.trimmingCharacters(in: .whitespaces)), (1e-6...1e6).contains(number) else {
        throw ValidationError("--noise must be numbers from 1e-06 to 1e+06, separated by commas, got `\(part)`")
      }
      return number
    }
    try OptionBounds.check("--noise: the number of levels", noises.count, in: 1...20)
    return noises
  }
}

/// What `show gradients`, `show tangents` and `show scores` take beside the models.
struct MapSheetInputs: ParsableArguments {
  @OptionGroup var sheet: SheetOptions

  @OptionGroup var columns: MapSheetOptions

  @OptionGroup var maps: MapSelection

  @OptionGroup var options: ModelOptions

  func check(_ models: [String]) throws { try ShownModels.check(models, labels: columns.label, options) }
}

enum ModelOrder: String, CaseIterable, ExpressibleByArgument { case given, strength, name }

extension SignedScaling: ExpressibleByArgument {}
