import Tensor

/// What a second reference says of a block: the gradient that the model's is compared with, and how good it is.
struct SecondReferenceMeasurement: Sendable {
  let reference: any PosteriorScore
  let seed: UInt64

  func samples(of block: MeasurementBlock) throws -> (table: SampleTable, posteriorScore: Tensor) {
    let score = try reference.posteriorScore(ofClasses: block.predicted, at: block.images)
      .checkedReference("posterior score of \(reference.id)", for: block)
    let predictions = try reference.predictions(at: block.images, range: block.range, seed: seed)
    guard predictions.count == block.count else {
      throw EvaluationError.invalidTask(
        task: block.task,
        problem: "its second reference \(reference.id) predicted \(predictions.count) of \(block.count) images")
    }
    let correct = zip(predictions, block.labels).map { $0 == $1 ? 1.0 : 0 }
    return (SampleTable([(SampleColumn.second(SampleColumn.correct), correct)]), score)
  }
}
