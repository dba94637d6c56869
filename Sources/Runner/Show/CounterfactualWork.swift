import ArgumentParser
import BenchCore
import Foundation
import Sheets
import Synthesis
import Tensor

/// `show counterfactuals`.
struct CounterfactualWork {
  let models: [String]
  let counterfactual: CounterfactualOptions
  let inputs: MadeImageOptions

  func run() throws {
    Interruption.install()
    let start = Date()
    let sheet = inputs.sheet
    let progress = TerminalProgress(quiet: sheet.quiet)
    defer { progress.end() }
    let prepared = try SheetPreparation(
      models, labels: inputs.label, sheet: sheet, maps: inputs.maps, options: inputs.options,
      inputs: [OutputPlace.Input("the guide", counterfactual.guide)], progress: progress)
    let task = prepared.task
    guard let score = task.score else { throw SynthesisError.noScore(task: task.id) }
    let shown = try sheet.positions(default: 8)
    try MadeImageSheet.check(task, images: shown.count, columns: 2 * prepared.shown.sources.count + 3)
    let references = try ReferenceImages(
      try task.evaluationImages(count: inputs.referenceImages, seed: sheet.seed), task: task)
    let places = inputs.places(shown: shown)
    let set = try task.evaluationImages(count: (places.max() ?? 0) + 1, seed: sheet.seed)
    let images = try ChosenImages(places, of: set, task: task.id, classCount: task.classCount)
    let mask = set.signalMask?.items(places)
    let change = ChangeMeasurement(task: task, references: references, threads: inputs.options.threads)
    let targets = try counterfactual.targets(of: images, on: task, change)
    let loaded = try prepared.shown.load(prepared.evaluation)
    let guide = try counterfactual.guide.map {
      try ShownModels([$0], labels: [], options: inputs.options, files: prepared.files).load(prepared.evaluation)[0]
    }
    let settings = counterfactual.settings(on: task)
    let count = inputs.measurement.count ?? 0
    let rows = shown.map { place in places.firstIndex(of: place) ?? 0 }
    let names = MadeImageNames(task, change)

    progress.begin("counterfactuals", total: loaded.count + 1)
    func made(_ settings: Counterfactual, _ classifier: any Classifier) throws -> Tensor {
      let result = try settings.run(
        classifier, guide: guide?.classifier, score: score, from: images.images, towards: targets,
        range: task.pixelRange, places: places, seed: sheet.seed, checkCancellation: progress.checkCancellation)
      try progress.advance(by: 1)
      return result
    }
    var without = settings
    without.classifierWeight = 0
    // No model is asked, whichever is given.
    let unguided = try made(without, loaded[0].classifier)
    var columns = [
      MadeImageSheet.Column(
        "image", images.images.items(rows),
        captions: rows.map { [names[images.labels[$0]], "no. \(images.positions[$0])"] }),
      MadeImageSheet.Column(
        "without a classifier", unguided.items(rows),
        captions: try names.captions(of: unguided, targets, change, from: images.images, rows: rows)),
    ]
    var measured: [MeasuredModel] = []
    func measure(_ name: String, _ classifier: (any Classifier)?, _ result: Tensor) throws {
      guard count > 0 else { return }
      let table = try change.samples(
        of: classifier, from: images.images[batch: 0..<count], to: result[batch: 0..<count],
        unguided: classifier == nil ? nil : unguided[batch: 0..<count], targets: Array(targets[..<count]),
        mask: mask.map { $0[images: 0..<count] })
      measured.append(MeasuredModel(name, table, seed: sheet.seed))
    }
    for model in loaded {
      try GradientView.check(model.classifier, id: model.name, on: task)
      let result = try made(settings, model.classifier)
      columns.append(
        .init(
          model.name, result.items(rows),
          captions: try names.captions(
            of: result, targets, change, from: images.images, by: model.classifier, target: true, rows: rows)))
      columns.append(
        .init(
          "\(model.name):\nchange", result.minus(images.images).items(rows), isSigned: true,
          captions: mask.map { names.shares(of: result.minus(images.images), $0, rows: rows) } ?? []))
      try measure(model.name, model.classifier, result)
    }
    try measure("without a classifier", nil, unguided)
    progress.end()
    try Interruption.check()
    let words = words(settings, score: score, guide: guide?.name)
    let result = try MadeImageSheet(
      title: "counterfactuals on task \(task.id)",
      notes: ["Task \(task.id) (version \(task.version)), seed \(sheet.seed). \(words)."] + names.notes
        + (mask == nil ? [] : ["signal: share of the change's energy on the pixels that carry the label."]),
      magnification: sheet.magnification
    ).sheet(columns, on: task)
    try prepared.file.write(result, scale: sheet.scale)
    if count > 0 {
      try SynthesisReport(
        kind: "counterfactuals", task: task, set: set, samples: count, seed: sheet.seed,
        settings: [("made by", words)], models: measured,
        provenance: .since(start, toolVersion: PagsBench.version, threads: inputs.options.threads)
      ).show(json: inputs.measurement.json)
    }
    CommandLineOutput.wrote(sheet.output, besideJSON: inputs.measurement.json)
  }

  private func words(_ settings: Counterfactual, score: any Score, guide: String?) -> String {
    "Score of \(score.id), \(settings.steps) levels from \(significant(settings.startNoise, trimming: true)) down "
      + "(\(settings.path.rawValue)), weights \(brief(settings.classifierWeight)) of the classifier and "
      + "\(brief(settings.distanceWeight)) of the distance"
      + (guide.map { ", guided by \($0) within \(brief(settings.coneAngle)) degrees" } ?? "")
      + (settings.throughDenoiser ? "" : ", gradients at the denoised image")
  }
}
