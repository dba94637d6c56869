import BenchCore
import Foundation
import Plugins
import Sheets
import Synthesis
import Tensor

/// What `show synthesis` and `show counterfactuals` have in common: what is read before images are made, and the sheet and the report
/// that come of them.
struct MadeImageWork {
  let inputs: MadeImageOptions
  let reporting: ReportingOptions
  let progress: TerminalProgress
  let prepared: SheetPreparation
  /// Places of the images that are shown.
  let shown: [Int]
  /// Of all that are made: those that are measured, from 0, and then those that are only shown.
  let places: [Int]
  /// What seeds are drawn like and made images compared with.
  let referenceSet: ImageSet
  let references: ReferenceImages
  let change: ChangeMeasurement
  let names: MadeImageNames
  private let start: Date

  var task: any BenchmarkTask { prepared.task }
  var seed: UInt64 { inputs.sheet.seed }
  /// How many images are measured.
  let count: Int
  /// Of the images that are made, those that are shown.
  var rows: [Int] { shown.map { place in places.firstIndex(of: place) ?? 0 } }

  /// - Parameters:
  ///   - files: further ones that are read.
  ///   - defaultImages: how many are shown, of a task of so many classes.
  ///   - columns: of a sheet of so many models.
  init(
    _ models: [String], _ inputs: MadeImageOptions, _ reporting: ReportingOptions, files: [OutputPlace.Input?] = [],
    defaultImages: (_ classes: Int) -> Int, columns: (_ models: Int) -> Int
  ) throws {
    Interruption.install()
    start = Date()
    self.inputs = inputs
    self.reporting = reporting
    count = inputs.measurement.count(reporting) ?? 0
    let sheet = inputs.sheet
    progress = TerminalProgress(quiet: reporting.quiet)
    prepared = try SheetPreparation(
      models, labels: inputs.label, sheet: sheet, maps: inputs.maps, options: inputs.options, inputs: files,
      progress: progress)
    let task = prepared.task
    shown = try sheet.positions(default: defaultImages(task.classCount))
    let measured = 0..<count
    places = Array(measured) + shown.filter { !measured.contains($0) }
    try MadeImageSheet.check(task, images: shown.count, columns: columns(prepared.shown.sources.count))
    referenceSet = try inputs.referenceSet(of: task)
    references = try ReferenceImages(referenceSet, task: task)
    change = ChangeMeasurement(task: task, references: references, threads: inputs.options.threads)
    names = MadeImageNames(task, change)
  }

  /// The task's images at all places, with the masks of those that have one.
  func images() throws -> (set: ImageSet, chosen: ChosenImages, mask: SignalMask?) {
    let set = try inputs.images(of: task, places: places)
    return (
      set, try ChosenImages(places, of: set, task: task.id, classCount: task.classCount), set.signalMask?.items(places)
    )
  }

  /// The models of the sheet, with which images can be made.
  func load() throws -> [PictureSheet.Model] { try load(prepared.shown) }

  /// - Parameter role: what a refusal calls them beside their names.
  func load(_ models: ShownModels, role: String = "") throws -> [PictureSheet.Model] {
    let loaded = try models.load(prepared.evaluation)
    for model in loaded { try GradientView.check(model.classifier, id: role + model.name, on: task) }
    return loaded
  }

  /// Measured on the first images, or draws.
  func measured(_ name: String, _ table: SampleTable) -> MeasuredModel { MeasuredModel(name, table, seed: seed) }

  /// Writes the sheet, and the report where something was measured.
  /// - Parameters:
  ///   - kind: `synthesis` or `counterfactuals`.
  ///   - set: that the report names.
  ///   - setting: what the images were made by, with its name in the report.
  func finish(
    kind: String, title: String, _ columns: [MadeImageSheet.Column], notes: [String] = [], set: ImageSet,
    setting: (name: String, value: String), _ measured: [MeasuredModel]
  ) throws {
    progress.end()
    try Interruption.check()
    let sheet = inputs.sheet
    let result = try MadeImageSheet(
      title: "\(title) on task \(task.id)",
      notes: ["Task \(task.id) (version \(task.version)), seed \(seed). \(setting.value)."] + names.notes + notes,
      magnification: sheet.magnification
    ).sheet(columns, on: task)
    try prepared.file.write(result, scale: sheet.scale)
    let report =
      count == 0
      ? nil
      : SynthesisReport(
        kind: kind, task: task, set: set, samples: count, seed: seed, settings: [(setting.name, setting.value)],
        models: measured, provenance: .since(start, toolVersion: PagsBench.version, threads: inputs.options.threads)
      )
    try SynthesisReport.show(report, beside: sheet.output, reporting)
  }
}
