import Tensor

/// Images of a task that somebody wants to look at, at their places in the evaluation set: what is random for an image depends on
/// its place, so that numbers below a picture are those of an evaluation.
package struct ChosenImages: Sendable {
  /// From 0, in the order they are shown in.
  package let positions: [Int]
  /// `[N, C, H, W]`.
  package let images: Tensor
  package let labels: [Int]

  package var count: Int { positions.count }

  /// - Parameters:
  ///   - set: at least as many images as the last position needs.
  ///   - classCount: of the task.
  /// - Throws: `EvaluationError.invalidTask` for images that are not finite and labels that there are not.
  package init(_ positions: [Int], of set: ImageSet, task: String, classCount: Int) throws(EvaluationError) {
    precondition(positions.allSatisfy(set.labels.indices.contains), "positions of the set's images")
    self.positions = positions
    images = set.images.items(positions)
    labels = positions.map { set.labels[$0] }
    if let bad = images.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .invalidTask(task: task, problem: "image \(positions[bad / images.stride]) is not finite")
    }
    if let bad = labels.firstIndex(where: { !(0..<classCount).contains($0) }) {
      throw .invalidTask(
        task: task, problem: "image \(positions[bad]) has label \(labels[bad]) of \(classCount) classes")
    }
  }

  /// The perturbation directions of an evaluation with this seed at these images.
  package func directions(seed: UInt64, on tangentSpace: TangentBasis) -> PerturbationDirections {
    let stream = RandomStream(seed: seed, name: "perturbation")
    let noise = positions.flatMap {
      Tensor.normals(stream, range: $0..<$0 + 1, itemShape: images.shape.droppingFirst).scalars
    }
    return PerturbationDirections(
      noise: Tensor(shape: images.shape, scalars: noise), tangentSpace: tangentSpace)
  }
}
