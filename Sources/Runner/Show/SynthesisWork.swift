import BenchCore
import Foundation
import Sheets
import Synthesis
import Tensor

/// `show synthesis`.
struct SynthesisWork {
  let models: [String]
  let synthesis: SynthesisOptions
  let inputs: MadeImageOptions

  func run() throws {
    Interruption.install()
    let start = Date()
    let sheet = inputs.sheet
    let progress = TerminalProgress(quiet: sheet.quiet)
    defer { progress.end() }
    let prepared = try SheetPreparation(
      models, labels: inputs.label, sheet: sheet, maps: inputs.maps, options: inputs.options, progress: progress)
    let task = prepared.task
    let shown = try sheet.positions(default: min(10, task.classCount))
    try MadeImageSheet.check(task, images: shown.count, columns: prepared.shown.sources.count + 2)
    let set = try task.evaluationImages(count: inputs.referenceImages, seed: sheet.seed)
    let references = try ReferenceImages(set, task: task)
    let ascent = try synthesis.ascent(on: task, length: references.meanLength)
    let places = inputs.places(shown: shown)
    let samples = try synthesis.samples(
      at: places, on: task, references, firstImage: set.signalMask,
      images: {
        let own = try task.evaluationImages(count: (places.max() ?? 0) + 1, seed: sheet.seed)
        return (
          try ChosenImages(places, of: own, task: task.id, classCount: task.classCount), own.signalMask?.items(places)
        )
      }, seed: sheet.seed)
    let loaded = try prepared.shown.load(prepared.evaluation)
    let change = ChangeMeasurement(task: task, references: references, threads: inputs.options.threads)
    let count = inputs.measurement.count ?? 0
    let rows = shown.map { place in places.firstIndex(of: place) ?? 0 }
    let names = MadeImageNames(task, change)
    var columns = startColumns(samples, rows: rows, shown: shown, names)
    columns[columns.count - 1].captions = try names.captions(of: samples.starts, samples.targets, change, rows: rows)
    var measured: [MeasuredModel] = []
    progress.begin("synthesising", total: loaded.count)
    for model in loaded {
      try GradientView.check(model.classifier, id: model.name, on: task)
      let images = try ascent.run(
        model.classifier, from: samples.starts, towards: samples.targets, range: task.pixelRange,
        penalty: samples.penalty, places: places, owner: model.name, checkCancellation: progress.checkCancellation)
      columns.append(
        .init(
          model.name, images.items(rows),
          captions: try names.captions(
            of: images, samples.targets, change, from: samples.starts, by: model.classifier, rows: rows)))
      if count > 0 {
        var table = try change.samples(
          of: model.classifier, from: samples.starts[batch: 0..<count], to: images[batch: 0..<count],
          targets: Array(samples.targets[..<count]), mask: samples.mask.map { $0[images: 0..<count] })
        for (name, images) in [("", images), ("before: ", samples.starts)] {
          if let errors = samples.errors(of: images) {
            table.append("\(name)root mean square error", Array(errors[..<count]))
          }
        }
        measured.append(MeasuredModel(model.name, table, seed: sheet.seed))
      }
      try progress.advance(by: 1)
    }
    progress.end()
    try Interruption.check()
    let settings = words(ascent, on: task)
    let result = try MadeImageSheet(
      title: "\(synthesis.kind.rawValue) on task \(task.id)",
      notes: ["Task \(task.id) (version \(task.version)), seed \(sheet.seed). \(settings)."] + names.notes,
      magnification: sheet.magnification
    ).sheet(columns, on: task)
    try prepared.file.write(result, scale: sheet.scale)
    if count > 0 {
      try SynthesisReport(
        kind: "synthesis", task: task, set: set, samples: count, seed: sheet.seed, settings: [("synthesis", settings)],
        models: measured,
        provenance: .since(start, toolVersion: PagsBench.version, threads: inputs.options.threads)
      ).show(json: inputs.measurement.json)
    }
    CommandLineOutput.wrote(sheet.output, besideJSON: inputs.measurement.json)
  }

  /// The last is that which models begin with.
  private func startColumns(
    _ samples: SynthesisSamples, rows: [Int], shown: [Int], _ names: MadeImageNames
  ) -> [MadeImageSheet.Column] {
    let heading =
      synthesis.kind == .generation ? "seed" : synthesis.kind == .inpainting ? "patch taken out" : "enlarged"
    let starts = MadeImageSheet.Column(heading, samples.starts.items(rows))
    guard let originals = samples.originals else { return [starts] }
    return [
      .init(
        "image", originals.items(rows), captions: zip(rows, shown).map { [names[samples.targets[$0]], "no. \($1)"] }),
      starts,
    ]
  }

  private func words(_ ascent: GradientAscent, on task: any BenchmarkTask) -> String {
    let seeds =
      synthesis.kind == .generation
      ? " from a Gaussian of \(synthesis.seeds == .own ? "the class" : "all other classes")" : ""
    let range =
      task.pixelRange.map { ", pixels in [\(brief(Double($0.lowerBound))), \(brief(Double($0.upperBound)))]" } ?? ""
    return
      "\(synthesis.kind.rawValue)\(seeds): \(ascent.steps) steps of length \(significant(ascent.stepLength)) within an L2 radius "
      + "of \(significant(ascent.radius))\(range)"
  }
}
