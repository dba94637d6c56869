import BenchCore
import Figures
import Foundation
import Images
import Synthesis
import Tensor
import Text

/// Sheets of images with maps of the same size: gradients of models, scores, directions.
package struct PictureSheet: Sendable {
  package struct Model: Sendable {
    /// Above its column.
    package var name: String
    package var classifier: any Classifier

    package init(name: String, classifier: any Classifier) {
      self.name = name
      self.classifier = classifier
    }
  }

  /// In their order.
  package var columns: [SheetColumn]
  package var target: GradientTarget
  package var scaling: SignedScaling
  /// Of the scores shown; the first is that which gradients are compared with. In pixel units.
  package var noises: [Double]
  /// Of the column `smoothgrad`.
  package var smoothGrad: SmoothGrad
  /// What gradients are compared by, beside the cosine.
  package var metrics: [any AlignmentMetric]
  /// Of the directions; the images were drawn from it too, where they are drawn.
  package var seed: UInt64
  /// Nil for about an inch.
  package var magnification: Int?
  package var threads: Int

  package init(
    columns: [SheetColumn], target: GradientTarget = EvaluationConfiguration.decisiveTarget,
    scaling: SignedScaling = .maximum, noises: [Double], smoothGrad: SmoothGrad = SmoothGrad(),
    metrics: [any AlignmentMetric] = [], seed: UInt64, magnification: Int? = nil, threads: Int = 1
  ) {
    precondition(!noises.isEmpty, "a score has a noise level")
    self.columns = columns
    self.target = target
    self.scaling = scaling
    self.noises = noises
    self.smoothGrad = smoothGrad
    self.metrics = metrics
    self.seed = seed
    self.magnification = magnification
    self.threads = threads
  }

  /// The noise level that gradients are compared with the score at, unless told otherwise.
  package static func defaultNoise(of task: any BenchmarkTask) -> Double {
    let constants = task.protocolConstants
    return constants.scoreNoises.contains(constants.decisiveNoise)
      ? constants.decisiveNoise : constants.scoreNoises.first ?? constants.decisiveNoise
  }

  /// Far above what anybody prints on a page.
  package static let cellLimit = 4000

  /// What can be said before models are read.
  /// - Throws: `SheetError`.
  package func check(
    _ task: any BenchmarkTask, images: Int, models: Int
  ) throws(SheetError) {
    guard !columns.isEmpty else { throw .nothing }
    guard [1, 3].contains(task.imageShape[0]) else { throw .channels(task: task.id, count: task.imageShape[0]) }
    for column in columns {
      if column.isOfModels, models == 0 { throw .noModels(column: column) }
      if column.needsTangentSpace, task.manifold == nil { throw .lacking(.manifold, column: column, task: task.id) }
      if [.score, .denoised].contains(column), task.score == nil {
        throw .lacking(.score, column: column, task: task.id)
      }
      if column == .reference, task.density == nil { throw .lacking(.density, column: column, task: task.id) }
    }
    let width = columns.reduce(0) {
      $0 + ($1.isOfModels ? models : [.score, .denoised].contains($1) ? noises.count : 1)
    }
    guard width * images <= Self.cellLimit else { throw .tooManyCells(count: width * images, limit: Self.cellLimit) }
  }

  /// - Throws: `SheetError`, `EvaluationError`, and the errors of the models and the task's references.
  package func sheet(
    of models: [Model], at images: ChosenImages, on task: any BenchmarkTask, remark: String? = nil,
    progress: any ProgressReporter = SilentProgress()
  ) throws -> ImageSheet {
    try check(task, images: images.count, models: models.count)
    progress.begin("references", total: 1)
    let view = try GradientView(
      task, at: images, target: target, scoreNoise: noises[0],
      withTangentSpace: columns.contains(where: \.needsTangentSpace), metrics: metrics, threads: threads)
    try progress.advance(by: 1)
    progress.begin("gradients", total: models.count)
    let shown = try models.map { model in
      let result = try view.model(model.classifier, id: model.name)
      try progress.advance(by: 1)
      return result
    }
    let names = ClassNames(task)
    var parts: [(heading: String, cells: [ImageSheet.Cell])] = []
    let maps = MapPictures(scaling: scaling, shape: task.imageShape)
    for column in columns {
      switch column {
      case .image:
        parts.append(
          (
            "image",
            (0..<images.count).map { index in
              ImageSheet.Cell(
                maps.image(images.images.item(index)),
                [names[images.labels[index]], "no. \(images.positions[index])"])
            }
          ))
      case .gradient:
        for (model, result) in zip(models, shown) {
          parts.append((model.name, gradientCells(result, images, names, maps, task)))
        }
      case .smoothgrad:
        for (model, result) in zip(models, shown) {
          let smoothed = try smoothGrad.maps(
            of: model.classifier, target, at: images.images, places: images.positions, labels: images.labels,
            predicted: result.predicted, seed: seed, owner: model.name,
            checkCancellation: progress.checkCancellation)
          // What has no signs has no direction to compare.
          let comparisons =
            smoothGrad.variant == .signed
            ? try view.comparisons(of: smoothed.maps, predicted: smoothed.predicted) : .none
          let cells = (0..<images.count).map { index in
            ImageSheet.Cell(
              maps.signed(smoothed.maps.item(index)), Self.captions(comparisons, index, task))
          }
          parts.append(("\(model.name)\n\(smoothGrad.variant.rawValue)", cells))
        }
      case .gradientTangent, .gradientNormal:
        for (model, result) in zip(models, shown) {
          guard let split = result.parts else { throw SheetError.lacking(.manifold, column: column, task: task.id) }
          let isTangent = column == .gradientTangent
          let cells = split.tangentShare.enumerated().map { index, share in
            ImageSheet.Cell(
              maps.signed((isTangent ? split.tangent : split.normal).item(index)),
              ["share \(Self.number(isTangent ? share : 1 - share))"])
          }
          parts.append(("\(model.name)\n\(isTangent ? "tangent" : "normal") part", cells))
        }
      case .score, .denoised: parts += try scoreColumns(column, images, task, maps)
      case .reference:
        guard let reference = try view.reference() else {
          throw SheetError.lacking(.density, column: column, task: task.id)
        }
        let cells = (0..<images.count).map { index in
          ImageSheet.Cell(
            maps.signed(reference.gradient.item(index)),
            [names.verdict(reference.predicted[index], reference.probability[index], images.labels[index])])
        }
        parts.append(
          ("\(Self.referenceTitle(task))\nnoise \(brief(task.protocolConstants.decisiveNoise))", cells))
      case .tangent, .normal:
        guard let space = view.tangentSpace else {
          throw SheetError.lacking(.manifold, column: column, task: task.id)
        }
        let directions = images.directions(seed: seed, on: space)
        let (isTangent, all) = (column == .tangent, task.imageShape.count)
        let cells = (0..<images.count).map { index in
          let own = space.dimension(ofImage: index)
          return ImageSheet.Cell(
            maps.signed((isTangent ? directions.onManifold : directions.offManifold).item(index)),
            ["\(isTangent ? own : all - own) of \(all)"])
        }
        parts.append((isTangent ? "tangent direction" : "normal direction", cells))
      }
    }
    return ImageSheet(
      title: "\(columns.map(\.rawValue).joined(separator: ", ")) on task \(task.id)", columns: parts.map(\.heading),
      rows: (0..<images.count).map { row in parts.map { $0.cells[row] } },
      notes: notes(images, task, models: models.count, remark: remark),
      magnification: magnification
        ?? ImageSheet.magnification(height: task.imageShape[1], width: task.imageShape[2]))
  }

  // MARK: Columns

  private func gradientCells(
    _ model: GradientView.Model, _ images: ChosenImages, _ names: ClassNames, _ maps: MapPictures,
    _ task: any BenchmarkTask
  ) -> [ImageSheet.Cell] {
    (0..<images.count).map { index in
      ImageSheet.Cell(
        maps.signed(model.gradient.item(index)),
        [names.verdict(model.predicted[index], model.probability[index], images.labels[index])]
          + Self.captions(model.comparisons, index, task))
    }
  }

  /// `score 0.026, 0.941`: the cosine, then what further metrics say.
  private static func captions(
    _ comparisons: GradientView.Comparisons, _ image: Int, _ task: any BenchmarkTask
  ) -> [String] {
    [("score", comparisons.score), (referenceWord(task), comparisons.reference)].compactMap { word, values in
      values.map { "\(word) \($0.map { number($0[image]) }.joined(separator: ", "))" }
    }
  }

  private func scoreColumns(
    _ column: SheetColumn, _ images: ChosenImages, _ task: any BenchmarkTask, _ maps: MapPictures
  ) throws -> [(heading: String, cells: [ImageSheet.Cell])] {
    guard let score = task.score else { throw SheetError.lacking(.score, column: column, task: task.id) }
    return try noises.map { noise in
      let scores = try GradientView.scores(score, at: images, noise: noise, task: task.id)
      // How far a learned score is from the true one, where that is known.
      let exact =
        try score.learned == nil
        ? nil
        : task.exactScore.map {
          GradientView.cosines(scores, try GradientView.scores($0, at: images, noise: noise, task: task.id))
        }
      let cells = (0..<images.count).map { index -> ImageSheet.Cell in
        let values = scores.item(index).map { Double($0) * noise * noise }
        if column == .denoised {
          let sums = zip(images.images.item(index), values).map { Float(Double($0) + $1) }
          return ImageSheet.Cell(maps.image(sums[...]))
        }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return ImageSheet.Cell(
          maps.signed(scores.item(index)),
          ["moves \(Self.number(length))"] + (exact.map { ["exact \(Self.number($0[index]))"] } ?? []))
      }
      return ("\(column.rawValue)\nnoise \(brief(noise))", cells)
    }
  }

  // MARK: Words

  private func notes(
    _ images: ChosenImages, _ task: any BenchmarkTask, models: Int, remark: String?
  ) -> [String] {
    let isMapped = columns.contains { ![.image, .denoised].contains($0) }
    var notes = [
      "Task \(task.id) (version \(task.version)), seed \(seed): images \(Self.list(images.positions))."
    ]
    if columns.contains(where: { $0.isOfModels || $0 == .reference }) {
      notes.append("Gradients of \(target.rawValue), with the predicted class and its probability below them.")
    }
    if isMapped { notes.append("Maps: \(scaling.words).") }
    if columns.contains(.smoothgrad) {
      notes.append("Of noisy copies of the image, for the class predicted without noise: \(smoothGrad.words).")
    }
    let isCompared =
      columns.contains(.gradient) || columns.contains(.smoothgrad) && smoothGrad.variant == .signed
    let measures = (["cosine"] + metrics.map(\.id)).joined(separator: ", ")
    if isCompared, models > 0 {
      if let score = task.score {
        notes.append("score: \(measures) with the score of \(score.id) at noise \(brief(noises[0])).")
      }
      if task.density != nil {
        notes.append(
          "\(Self.referenceWord(task)): \(measures) with the gradient of the \(Self.referenceTitle(task)) at noise "
            + "\(brief(task.protocolConstants.decisiveNoise)), for the class that the model predicts.")
      }
    }
    if columns.contains(where: { [.gradientTangent, .gradientNormal].contains($0) }) {
      notes.append("share: of the gradient's energy.")
    }
    if columns.contains(.score) { notes.append("moves: length of noise^2 times the score, in pixel units.") }
    if let manifold = task.manifold, columns.contains(where: \.needsTangentSpace) {
      notes.append("Tangent spaces of \(manifold.id); k of d: dimensions along and off them.")
    }
    if let remark { notes.append("WARNING: \(remark)") }
    return notes.map(PlainText.printable)
  }

  private static func referenceWord(_ task: any BenchmarkTask) -> String { task.densityIsExact ? "Bayes" : "fitted" }

  private static func referenceTitle(_ task: any BenchmarkTask) -> String {
    task.densityIsExact ? "Bayes classifier" : "fitted classifier"
  }

  /// `3, 7, 8`; the first of many.
  private static func list(_ positions: [Int]) -> String {
    if positions.count > 2, positions == Array(positions[0]..<positions[0] + positions.count) {
      return "\(positions[0]) to \(positions[positions.count - 1])"
    }
    return positions.prefix(60).map(String.init).joined(separator: ", ") + (positions.count > 60 ? ", ..." : "")
  }

  /// Two or three digits; a dash where it is undefined.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let text = String(format: "%.3f", value)
    return text == "-0.000" ? "0.000" : text
  }
}
