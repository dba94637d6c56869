/// `finish` for pixels whose channels lie side by side; the same bits.
///
/// - Parameters:
///   - sourceStride: from one pixel of the source to the next.
///   - stride: the same of everything else.
///   - bias: one number per channel.
@inline(never)
public func finishPixels(
  count: Int, channels: Int, sourceStride: Int, stride: Int, source: UnsafePointer<Float>,
  values: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
  reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  finishSums(layer, count, 0, channels, source, sourceStride, values, 0, stride)
}

/// Finishes sums that are in memory.
///
/// - Parameters:
///   - firstChannel: of those in the source.
///   - firstPlace: of the first value among all.
@inline(never)
func finishSums(
  _ layer: LayerEnd, _ count: Int, _ firstChannel: Int, _ channels: Int, _ source: UnsafePointer<Float>,
  _ sourceStride: Int, _ values: UnsafeMutablePointer<Float>, _ firstPlace: Int, _ stride: Int
) {
  let whole = channels / width &* width
  // One loop for each way.
  var pixel = 0
  if layer.way == plainEnd {
    while pixel < count {
      let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
      var channel = 0
      while channel < whole {
        let place = first &+ channel
        let bias = biases(layer, firstChannel &+ channel, width)
        store(total(layer, load(sums + channel), bias, place, width), values + place)
        channel &+= width
      }
      pixel &+= 1
    }
  } else if layer.way == limitedEnd {
    while pixel < count {
      let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
      var channel = 0
      while channel < whole {
        let place = first &+ channel
        let bias = biases(layer, firstChannel &+ channel, width)
        store(limited(layer, load(sums + channel), bias, place, width), values + place)
        channel &+= width
      }
      pixel &+= 1
    }
  } else if layer.way == gatedEnd {
    while pixel < count {
      let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
      var channel = 0
      while channel < whole {
        let place = first &+ channel
        let bias = biases(layer, firstChannel &+ channel, width)
        store(gated(layer, load(sums + channel), bias, place, width), values + place)
        channel &+= width
      }
      pixel &+= 1
    }
  } else if layer.way == slopedEnd {
    while pixel < count {
      let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
      var channel = 0
      while channel < whole {
        let place = first &+ channel
        let bias = biases(layer, firstChannel &+ channel, width)
        store(sloped(layer, load(sums + channel), bias, place, width), values + place)
        channel &+= width
      }
      pixel &+= 1
    }
  } else {
    while pixel < count {
      let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
      var channel = 0
      while channel < whole {
        let place = first &+ channel
        let bias = biases(layer, firstChannel &+ channel, width)
        store(slopedGate(layer, load(sums + channel), bias, place, width), values + place)
        channel &+= width
      }
      pixel &+= 1
    }
  }
  guard whole < channels else { return }
  // Channels that do not fill a vector.
  pixel = 0
  while pixel < count {
    let (sums, first) = (source + pixel &* sourceStride, firstPlace &+ pixel &* stride)
    var channel = whole
    if width > 8, channels &- channel >= 8 {
      finishPart(layer, sums + channel, firstChannel &+ channel, values, first &+ channel, 8)
      channel &+= 8
    }
    if width > 4, channels &- channel >= 4 {
      finishPart(layer, sums + channel, firstChannel &+ channel, values, first &+ channel, 4)
      channel &+= 4
    }
    if channel < channels {
      finishPart(layer, sums + channel, firstChannel &+ channel, values, first &+ channel, channels &- channel)
    }
    pixel &+= 1
  }
}

@inline(__always)
private func finishPart(
  _ layer: LayerEnd, _ sums: UnsafePointer<Float>, _ channel: Int, _ values: UnsafeMutablePointer<Float>, _ place: Int,
  _ lanes: Int
) {
  let (sum, bias) = (loadLanes(sums, lanes), biases(layer, channel, lanes))
  if layer.way == limitedEnd || layer.way == plainEnd {
    storeLanes(limited(layer, sum, bias, place, lanes), values + place, lanes)
  } else if layer.way == gatedEnd {
    storeLanes(gated(layer, sum, bias, place, lanes), values + place, lanes)
  } else if layer.way == slopedEnd {
    storeLanes(sloped(layer, sum, bias, place, lanes), values + place, lanes)
  } else {
    storeLanes(slopedGate(layer, sum, bias, place, lanes), values + place, lanes)
  }
}
