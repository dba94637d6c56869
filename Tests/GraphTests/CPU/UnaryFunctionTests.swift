import Foundation
import Testing

@testable import CPU
@testable import Graph

@Suite struct UnaryFunctionTests {
  /// Our own formulas, to a few units in the last place over the whole range.
  @Test func smoothFunctionsAreAccurate() throws {
    for step in -4000...4000 {
      let x = Float(step) / 200
      let exact = Double(x)
      let cases: [(any Operator & UnaryFunction, Double)] = [
        (HyperbolicTangent(), tanh(exact)), (Softplus(), log1p(exp(exact))),
        (Softplus(beta: 4), log1p(exp(4 * exact)) / 4), (Sigmoid(), 1 / (1 + exp(-exact))),
        (SiLU(), exact / (1 + exp(-exact))), (ErrorFunction(), erf(exact)),
      ]
      for (operation, expected) in cases {
        let error = abs(Double(operation(x)) - expected)
        #expect(error <= 1.5e-6 * abs(expected), "\(type(of: operation).name) of \(x)")
      }
    }
    for x in [Float(1e-3), 1e-4, 2.4e-4, 2.5e-4, 1e-8, 1e-30, -1e-5] {
      let error = abs(Double(HyperbolicTangent()(x)) - tanh(Double(x)))
      #expect(error <= 1e-7 * Double(abs(x)))
    }
  }
}
