import BenchCore
import Sheets
import Synthesis
import Tensor

/// `show counterfactuals`.
struct CounterfactualWork {
  let models: [String]
  let counterfactual: CounterfactualOptions
  let inputs: MadeImageOptions

  func run(_ reporting: ReportingOptions) throws {
    let work = try MadeImageWork(
      models, inputs, reporting, files: [OutputPlace.Input("the guide", counterfactual.guide)],
      defaultImages: { _ in 8 },
      columns: { 2 * $0 + 3 })
    defer { work.progress.end() }
    let (task, count, rows) = (work.task, work.count, work.rows)
    guard let score = task.score else { throw SynthesisError.noScore(task: task.id) }
    let (set, images, mask) = try work.images()
    let targets = try counterfactual.targets(of: images, on: task, work.change)
    let loaded = try work.load()
    let guide = try guide(work)
    let settings = counterfactual.settings(on: task)

    let levels = NoiseSchedule.levels(from: settings.startNoise, count: settings.steps, of: score).count
    work.progress.begin("counterfactuals", total: (loaded.count + 1) * levels)
    let paths = try CounterfactualPaths(
      settings, score: score, from: images.images, towards: targets, range: task.pixelRange, places: work.places,
      seed: work.seed, checkCancellation: work.progress.checkCancellation)
    func made(_ classifier: (any Classifier)?) throws -> Tensor {
      try paths.images(by: classifier, guide: guide?.classifier) { try work.progress.advance(by: 1) }
    }
    let unguided = try made(nil)
    var columns = [
      MadeImageSheet.Column(
        "image", images.images.items(rows),
        captions: rows.map { [work.names[images.labels[$0]], "no. \(images.positions[$0])"] }),
      MadeImageSheet.Column(
        "without a classifier", unguided.items(rows),
        captions: try work.names.captions(of: unguided, targets, work.change, from: images.images, rows: rows)),
    ]
    var measured: [MeasuredModel] = []
    func measure(_ name: String, _ classifier: (any Classifier)?, _ result: Tensor) throws {
      guard count > 0 else { return }
      let table = try work.change.samples(
        of: classifier, from: images.images[batch: 0..<count], to: result[batch: 0..<count],
        unguided: classifier == nil ? nil : unguided[batch: 0..<count], targets: Array(targets[..<count]),
        mask: mask.map { $0[images: 0..<count] })
      measured.append(work.measured(name, table))
    }
    for model in loaded {
      let result = try made(model.classifier)
      columns.append(
        .init(
          model.name, result.items(rows),
          captions: try work.names.captions(
            of: result, targets, work.change, from: images.images, by: model.classifier, target: true, rows: rows)))
      columns.append(
        .init(
          "change by\n\(model.name)", result.minus(images.images).items(rows), isSigned: true,
          captions: mask.map { work.names.shares(of: result.minus(images.images), $0, rows: rows) } ?? []))
      try measure(model.name, model.classifier, result)
    }
    try measure("without a classifier", nil, unguided)
    try work.finish(
      kind: "counterfactuals", title: "counterfactuals", columns,
      notes: mask == nil ? [] : ["signal: share of the change's energy on the pixels that carry the label."], set: set,
      setting: ("made by", words(settings, score: score, guide: guide?.name)), measured)
  }

  /// Read by itself: what --plugin serves is the model that is explained.
  private func guide(_ work: MadeImageWork) throws -> PictureSheet.Model? {
    try counterfactual.guide.flatMap { guide in
      var options = inputs.options
      options.program.plugin = nil
      let models = try ShownModels([guide], labels: [], options: options, files: work.prepared.files)
      return try work.load(models, role: "--guide ").first
    }
  }

  private func words(_ settings: Counterfactual, score: any Score, guide: String?) -> String {
    "Score of \(score.id), \(settings.steps) levels from \(significant(settings.startNoise, trimming: true)) down "
      + "(\(settings.path.rawValue)), weights "
      + "\(significant(settings.classifierWeight, trimming: true)) of the classifier and "
      + "\(significant(settings.distanceWeight, trimming: true)) of the distance"
      + (guide.map { ", guided by \($0) within \(brief(settings.coneAngle)) degrees" } ?? "")
      + (settings.augmentations > 1 ? ", gradients averaged over \(settings.augmentations) augmented copies" : "")
      + (settings.throughDenoiser ? "" : ", gradients at the denoised image")
  }
}
