// Quotients of many numbers by one, with the bits of a division, which takes six times as long as the products here.

/// A number to divide by: itself, its negative and its inverse, which is rounded.
typealias Divisor = (value: Vector, negative: Vector, inverse: Vector)

/// - Parameter value: 2^-20 to 2^20.
@inline(__always)
func divisor(_ value: Float) -> Divisor { (repeated(value), repeated(-value), repeated(1 / value)) }

/// `x / divisor`, rounded once.
///
/// The first correction leaves an error below one unit in the last place, and from such a quotient and an inverse that is rounded
/// correctly the second gives the quotient that is (Markstein's theorem). The remainders must be exact, for which products have to be
/// rounded together with the sum.
/// - Parameter x: 0, but not -0, or of a magnitude of 2^-95 to 2^60.
@inline(__always)
func quotient(_ x: Vector, _ divisor: Divisor) -> Vector {
  guard fusesProducts else { return x / divisor.value }
  let rough = x * divisor.inverse
  let near = accumulated(accumulated(rough, divisor.negative, x), divisor.inverse, rough)
  return accumulated(accumulated(near, divisor.negative, x), divisor.inverse, near)
}
