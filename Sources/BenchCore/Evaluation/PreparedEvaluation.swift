import Tensor

/// What an evaluation knows of all images before it measures the first block.
struct PreparedEvaluation: Sendable {
  let subject: EvaluationSubject
  /// Nil where they speak of another task.
  let claims: ModelDescription.Claims?
  let set: EvaluationImages
  /// The blocks.
  let ranges: [Range<Int>]
  /// The model's, `[N, K]`.
  let logits: Tensor
  let confusion: ConfusionMatrix
  /// Nil where the logits say nothing of the labels.
  let temperature: CalibratedTemperature?
  let manifold: (any Manifold)?
  /// Where one is measured.
  let standard: Standard?
  let suite: MeasurementSuite

  /// The standard twin.
  struct Standard: Sendable {
    let classifier: any Classifier
    /// `[N, K]`.
    let logits: Tensor
    let temperature: CalibratedTemperature
  }
}
