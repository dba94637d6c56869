/// `output = activation((x - mean) * scale + ((y - otherMean) * otherScale + shift))` of pixels whose channels lie side by side;
/// without y `activation((x - mean) * scale + shift)`. The activation keeps what is not below `lower`, raising the rest to it; or,
/// with a reference, lets through where that is above `lower`.
///
/// - Parameters:
///   - columns: five rows of one number a channel: scale, mean, those of y, and shift.
///   - output: may be x, y or the reference.
@inline(never)
public func fusedPixels(
  pixels: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?, columns: UnsafePointer<Float>,
  reference: UnsafePointer<Float>?, rectifies: Bool, lower: Float, output: UnsafeMutablePointer<Float>
) {
  let (scales, means, shifts) = (columns, columns + channels, columns + 4 &* channels)
  let (otherScales, otherMeans) = (columns + 2 &* channels, columns + 3 &* channels)
  let limit = repeated(rectifies ? lower : -.infinity)
  let gate = repeated(lower)
  let whole = channels &- channels % width
  for pixel in 0..<pixels {
    let first = pixel &* channels
    var channel = 0
    while channel < whole {
      let place = first &+ channel
      var value = (load(x + place) - load(means + channel)) * load(scales + channel)
      if let y {
        value +=
          (load(y + place) - load(otherMeans + channel)) * load(otherScales + channel) + load(shifts + channel)
      } else {
        value += load(shifts + channel)
      }
      if let reference {
        value = Vector.zero.replacing(with: value, where: load(reference + place) .> gate)
      } else {
        value = value.replacing(with: limit, where: value .< limit)
      }
      store(value, output + place)
      channel &+= width
    }
    while channel < channels {
      let place = first &+ channel
      var value = (x[place] - means[channel]) * scales[channel]
      if let y {
        value += (y[place] - otherMeans[channel]) * otherScales[channel] + shifts[channel]
      } else {
        value += shifts[channel]
      }
      if let reference {
        value = reference[place] > lower ? value : 0
      } else if rectifies {
        value = value < lower ? lower : value
      }
      output[place] = value
      channel &+= 1
    }
  }
}

/// The same of a plane, whose channel has one number in each column.
@inline(never)
public func fusedPlane(
  count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?, scale: Float, mean: Float, otherScale: Float,
  otherMean: Float, shift: Float, reference: UnsafePointer<Float>?, rectifies: Bool, lower: Float,
  output: UnsafeMutablePointer<Float>
) {
  let (scales, means, shifts) = (repeated(scale), repeated(mean), repeated(shift))
  let (otherScales, otherMeans) = (repeated(otherScale), repeated(otherMean))
  let limit = repeated(rectifies ? lower : -.infinity)
  let gate = repeated(lower)
  var place = 0
  while place &+ width <= count {
    var value = (load(x + place) - means) * scales
    if let y { value += (load(y + place) - otherMeans) * otherScales + shifts } else { value += shifts }
    if let reference {
      value = Vector.zero.replacing(with: value, where: load(reference + place) .> gate)
    } else {
      value = value.replacing(with: limit, where: value .< limit)
    }
    store(value, output + place)
    place &+= width
  }
  while place < count {
    var value = (x[place] - mean) * scale
    if let y { value += (y[place] - otherMean) * otherScale + shift } else { value += shift }
    if let reference {
      value = reference[place] > lower ? value : 0
    } else if rectifies {
      value = value < lower ? lower : value
    }
    output[place] = value
    place &+= 1
  }
}
