import BenchCore
import Foundation
import Tensor
import Testing

@Suite struct GradientTargetTests {
  private let logits: [Double] = [0.3, -1.2, 2.1, 0.4]
  private let predicted = 2
  private let label = 3

  /// The functions that the targets' names stand for.
  private func value(_ target: GradientTarget, _ z: [Double]) -> Double {
    func logSum(_ values: [Double]) -> Double { log(values.reduce(0) { $0 + exp($1) }) }
    let others = z.indices.filter { $0 != predicted }.map { z[$0] }
    let rivals = z.indices.filter { $0 != label }.map { z[$0] }
    return switch target {
    case .logitSum: z.reduce(0, +)
    case .logitPredicted: z[predicted]
    case .logitLabel: z[label]
    case .logSumExp: logSum(z)
    case .logProbabilityPredicted: z[predicted] - logSum(z)
    case .logProbabilityLabel: z[label] - logSum(z)
    case .logitMargin: (rivals.max() ?? 0) - z[label]
    case .logOddsPredicted: z[predicted] - logSum(others)
    }
  }

  private func cotangent(_ target: GradientTarget) -> [Double] {
    target.cotangent(
      logits: Tensor(shape: [1, 4], scalars: logits.map(Float.init)), predicted: [predicted], labels: [label]
    ).scalars.map(Double.init)
  }

  @Test(arguments: GradientTarget.allCases)
  func cotangentIsTheDerivative(_ target: GradientTarget) {
    for (index, derivative) in cotangent(target).enumerated() {
      var (above, below) = (logits, logits)
      above[index] += 1e-5
      below[index] -= 1e-5
      #expect(abs((value(target, above) - value(target, below)) / 2e-5 - derivative) < 1e-6)
    }
  }

  /// Adding one number to all logits must not change the shift-invariant ones, and does change the others.
  @Test(arguments: GradientTarget.allCases)
  func shiftInvarianceIsAsStated(_ target: GradientTarget) {
    let sum = cotangent(target).reduce(0, +)
    #expect((abs(sum) < 1e-6) == target.isShiftInvariant)
  }

  @Test func regimesAreDecidedOnAnImmuneTarget() {
    #expect(EvaluationConfiguration.decisiveTarget.isShiftInvariant)
  }
}
