import BenchCore
import Sheets
import Synthesis
import Tensor

/// `show synthesis`.
struct SynthesisWork {
  let models: [String]
  let synthesis: SynthesisOptions
  let inputs: MadeImageOptions

  func run(_ reporting: ReportingOptions) throws {
    let work = try MadeImageWork(models, inputs, reporting, defaultImages: { min(10, $0) }, columns: { $0 + 2 })
    defer { work.progress.end() }
    let (task, count, rows) = (work.task, work.count, work.rows)
    let ascent = try synthesis.ascent(on: task, length: work.references.meanLength)
    let samples = try synthesis.samples(
      at: work.places, on: task, work.references, firstImage: work.referenceSet.signalMask,
      images: {
        let (_, chosen, mask) = try work.images()
        return (chosen, mask)
      }, seed: work.seed)
    let loaded = try work.load()
    var columns = startColumns(samples, rows: rows, shown: work.shown, work.names)
    columns[columns.count - 1].captions = try work.names.captions(
      of: samples.starts, samples.targets, work.change, rows: rows)
    var measured: [MeasuredModel] = []
    work.progress.begin("synthesising", total: loaded.count)
    for model in loaded {
      let images = try ascent.run(
        model.classifier, from: samples.starts, towards: samples.targets, range: task.pixelRange,
        penalty: samples.penalty, places: work.places, owner: model.name,
        checkCancellation: work.progress.checkCancellation)
      columns.append(
        .init(
          model.name, images.items(rows),
          captions: try work.names.captions(
            of: images, samples.targets, work.change, from: samples.starts, by: model.classifier, rows: rows)))
      if count > 0 {
        var table = try work.change.samples(
          of: model.classifier, from: samples.starts[batch: 0..<count], to: images[batch: 0..<count],
          targets: Array(samples.targets[..<count]), mask: samples.mask.map { $0[images: 0..<count] })
        for (name, images) in [("", images), ("before: ", samples.starts)] {
          if let errors = samples.errors(of: images) {
            table.append("\(name)root mean square error", Array(errors[..<count]))
          }
        }
        measured.append(work.measured(model.name, table))
      }
      try work.progress.advance(by: 1)
    }
    try work.finish(
      kind: "synthesis", title: synthesis.kind.rawValue, columns, set: work.referenceSet,
      setting: ("synthesis", words(ascent, on: task)), measured)
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
    let kind = synthesis.kind.rawValue
    return
      "\(kind.prefix(1).uppercased() + kind.dropFirst())\(seeds): \(ascent.steps) steps of length \(significant(ascent.stepLength)) within an L2 radius "
      + "of \(significant(ascent.radius))\(range)"
  }
}
