import Foundation
import Tensor
import Testing
import _TestSupport

@testable import Graph

/// The formula of every elementwise operator says what its kernels compute.
@Suite(.everyBackend) struct ScalarExpressionTests {
  private static let operators: [any ScalarOperator] =
    [
      AbsoluteValue(), Clip(lower: -1, upper: 2), Cosine(), ELU(alpha: 1.5, scale: 1.1, rate: 0.7), ErrorFunction(),
      Exponential(), GELU(), GELU(tanhApproximation: true), GELUDerivative(), GELUDerivative(tanhApproximation: true),
      HyperbolicTangent(), Inside(lower: -1, upper: 2), Inside(lower: -1, upper: 2, includesBounds: false),
      Logarithm(), Negate(), ReLU(), ReLU(slope: 0.25), ReLU(slope: -2), Rounding(direction: .down),
      Rounding(direction: .up), Rounding(direction: .towardZero), Rounding(direction: .nearest), Sigmoid(), Sign(),
      SiLU(), SiLUDerivative(), Sine(), Softplus(), Softplus(beta: 4), SquareRoot(),
      Add(), Divide(), Equal(), Gate(), Gate(slope: 0.5), Greater(), Larger(), Multiply(), Power(),
      Remainder(sign: .dividend), Remainder(sign: .divisor), Subtract(), Select(),
    ] + ElementaryFunction.Function.allCases.map { ElementaryFunction(function: $0) }

  private static let numbers: [Float] = [
    -.infinity, -25, -3, -2.5, -2, -1, -0.5, -1e-3, -0.0, 0, 1e-4, 0.3, 0.5, 1, 1.5, 2, 2.5, 7, 30, .infinity, .nan,
  ]

  @Test(arguments: operators.indices)
  func agreesWithTheKernel(_ index: Int) throws {
    let operation = Self.operators[index]
    let numbers = Self.numbers
    var count = 1
    while (try? operation.shape(of: [Shape](repeating: [1], count: count))) == nil { count += 1 }
    var tuples: [[Float]] = []
    for first in numbers {
      if count == 1 { tuples.append([first]) } else { for second in numbers { tuples.append([first, second, 4]) } }
    }
    let inputs = (0..<count).map { input in Tensor(shape: [tuples.count], scalars: tuples.map { $0[input] }) }
    let backend = TestedBackend.current
    let computed = try backend.evaluate(operation, inputs).scalars
    for (tuple, value) in zip(tuples, computed) {
      let expected: Float = Self.value(operation.expression, tuple)
      let isSame = value == expected || value.isNaN && expected.isNaN
      // A product of infinity and 0, in whose place kernels have the limit.
      let isProduct =
        operation is GELU || operation is GELUDerivative || operation is SiLU || operation is SiLUDerivative
      if isProduct, tuple[0].isInfinite, expected.isNaN { continue }
      let isClose = abs(value - expected) <= 1e-6 * max(1, abs(expected))
      #expect(
        isSame || isClose, "\(operation) of \(tuple) on \(backend.name): \(value), by its formula \(expected)")
    }
  }

  @Test func everyElementwiseKernelHasAFormula() {
    let names = Set(Self.operators.map { type(of: $0).name })
    #expect(names.count == 33)
  }

  private static func value(_ expression: ScalarExpression, _ inputs: [Float]) -> Float {
    switch expression {
    case .input(let index): inputs[index]
    case .constant(let number): number
    case .unary(let function, let operand): value(function, value(operand, inputs))
    case .binary(let function, let left, let right): value(function, value(left, inputs), value(right, inputs))
    case .select(let condition, let first, let second):
      value(value(condition, inputs) != 0 ? first : second, inputs)
    }
  }

  private static func value(_ function: ScalarExpression.Unary, _ x: Float) -> Float {
    switch function {
    case .negation: -x
    case .absoluteValue: abs(x)
    case .squareRoot: x.squareRoot()
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .truncation: x.rounded(.towardZero)
    case .nearestEven: x.rounded(.toNearestOrEven)
    case .exponential: exp(x)
    case .exponentialMinusOne: expm1(x)
    case .logarithm: log(x)
    case .logarithmOfOnePlus: log1p(x)
    case .sine: sin(x)
    case .cosine: cos(x)
    case .arcSine: asin(x)
    case .arcCosine: acos(x)
    case .arcTangent: atan(x)
    case .hyperbolicSine: sinh(x)
    case .hyperbolicCosine: cosh(x)
    case .hyperbolicTangent: tanh(x)
    case .areaSine: asinh(x)
    case .areaCosine: acosh(x)
    case .areaTangent: atanh(x)
    case .errorFunction: erf(x)
    }
  }

  private static func value(_ function: ScalarExpression.Binary, _ x: Float, _ y: Float) -> Float {
    switch function {
    case .addition: x + y
    case .subtraction: x - y
    case .multiplication: x * y
    case .division: x / y
    case .power: pow(x, y)
    case .truncatedRemainder: x.truncatingRemainder(dividingBy: y)
    case .copySign: Float(signOf: y, magnitudeOf: x)
    case .greater: x > y ? 1 : 0
    case .greaterOrEqual: x >= y ? 1 : 0
    case .equal: x == y ? 1 : 0
    }
  }
}
