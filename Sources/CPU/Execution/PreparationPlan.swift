import Graph

/// Which constant weights are brought into their kernel's form in every run, and not once.
///
/// Winograd's form has four numbers for each weight: of the 55.7 million weights of a diffusion network 0.6 GB more. Where it would be much, as many
/// forms as cost a run little are made when they are needed, one after the other in the same memory.
struct PreparationPlan {
  let everyRun: Set<Graph.Value>

  /// Numbers that the forms of a program may have beyond its weights' own, unless it is asked for fewer: 256 MiB.
  static let spareCount = 1 << 26

  /// The part of a run's multiply-adds that making forms may take.
  private static let largestShare = 32.0

  /// Images that are counted at least: programs for fewer share the weights, as they are, with those for many.
  private static let fewestImages = 16

  struct Step {
    let value: Graph.Value
    let kernel: any CPUKernel
    let images: Int
    /// Their number; nil where they are no constants.
    let constantWeights: Int?

    /// Multiply-adds of a run.
    var work: Double { Double(max(images, PreparationPlan.fewestImages)) * Double(kernel.work.image) }
  }

  init(_ steps: [Step], spareCount: Int) {
    let forms = steps.compactMap { step -> (value: Graph.Value, excess: Int, work: Double)? in
      let work = step.kernel.work.preparation
      guard work > 0, let weights = step.constantWeights, step.kernel.preparedCount > weights else { return nil }
      return (step.value, step.kernel.preparedCount - weights, Double(work))
    }
    guard forms.reduce(0, { $0 + $1.excess }) > spareCount else {
      everyRun = []
      return
    }
    var spare = steps.reduce(0) { $0 + $1.work } / Self.largestShare
    var chosen: Set<Graph.Value> = []
    for form in forms.sorted(by: { $0.excess > $1.excess }) where form.work <= spare {
      spare -= form.work
      chosen.insert(form.value)
    }
    everyRun = chosen
  }
}
