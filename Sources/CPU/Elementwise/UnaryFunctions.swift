import Foundation
import Graph
import Kernels

extension AbsoluteValue: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { abs(x) }
}

extension Clip: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float {
    let raised = x < lower ? lower : x
    return raised > upper ? upper : raised
  }
}

extension Inside: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float {
    includesBounds ? (x >= lower && x <= upper ? 1 : 0) : (x > lower && x < upper ? 1 : 0)
  }
}

extension Cosine: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { cos(x) }
}

extension Sine: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { sin(x) }
}

extension ELU: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { x > 0 ? scale * x : scale * alpha * expm1(rate * x) }
}

/// By the C library.
extension ElementaryFunction: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float {
    switch function {
    case .arcSine: asin(x)
    case .arcCosine: acos(x)
    case .arcTangent: atan(x)
    case .hyperbolicSine: sinh(x)
    case .hyperbolicCosine: cosh(x)
    case .areaSine: asinh(x)
    case .areaCosine: acosh(x)
    case .areaTangent: atanh(x)
    }
  }
}

extension Exponential: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { exp(x) }
}

extension Logarithm: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { log(x) }
}

extension Negate: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { -x }
}

extension ReLU: UnaryFunction {
  // NaN must stay visible, and minus infinity times a slope of 0 must not become NaN.
  @inline(__always)
  func callAsFunction(_ x: Float) -> Float { x < 0 ? (slope == 0 ? 0 : slope * x) : x }
}

extension Rounding: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float {
    switch direction {
    case .down: x.rounded(.down)
    case .up: x.rounded(.up)
    case .towardZero: x.rounded(.towardZero)
    case .nearest: x.rounded(.toNearestOrEven)
    }
  }
}

extension Sign: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { x > 0 ? 1 : (x < 0 ? -1 : 0) }
}

extension Softplus: UnaryFunction {
  // max(z, 0) + log(1 + e) with e = exp(-|z|) in (0, 1]. With s = e / (2 + e) in (0, 1/3],
  // log(1 + e) = 2 atanh(s) = 2 s (1 + s^2 / 3 + s^4 / 5 + ...); the first term left out is s^16 / 17 < 2e-9. Several times
  // faster than the C library's log1p.
  func callAsFunction(_ x: Float) -> Float {
    let z = beta * x
    let e = exp(-abs(z))
    let s = e / (2 + e)
    let t = s * s
    let odd = 1 / 9 + t * (1 / 11 + t * (1 / 13 + t / 15))
    let series = 1 + t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * odd)))
    return z > 20 ? x : (max(z, 0) + 2 * s * series) / beta
  }
}

extension SquareRoot: UnaryFunction {
  func callAsFunction(_ x: Float) -> Float { x.squareRoot() }
}

// MARK: With kernels of their own

extension ErrorFunction: VectorisedFunction {
  var function: ElementwiseFunction { .errorFunction }
}

extension GELU: VectorisedFunction {
  var function: ElementwiseFunction { tanhApproximation ? .geluTanh : .gelu }
}

extension GELUDerivative: VectorisedFunction {
  var function: ElementwiseFunction { tanhApproximation ? .geluTanhDerivative : .geluDerivative }
}

extension HyperbolicTangent: VectorisedFunction {
  var function: ElementwiseFunction { .hyperbolicTangent }
}

extension Sigmoid: VectorisedFunction {
  var function: ElementwiseFunction { .sigmoid }
}

extension SiLU: VectorisedFunction {
  var function: ElementwiseFunction { .silu }
}

extension SiLUDerivative: VectorisedFunction {
  var function: ElementwiseFunction { .siluDerivative }
}
