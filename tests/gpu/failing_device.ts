// A device that fails on order, for tests: lost after so many submits as when a driver is reset, or given one value that is
// no number. It changes WebGPU itself, so the programs under test run as they are.

type RequestDevice = (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;

/** What goes wrong, by the number of submits (counted from 1) before it. */
export interface Failing {
  lostAfter?: number;
  /** From that submit on, what is next written to a storage begins with NaN, once. */
  nanAfter?: number;
}

const requestDevice = GPUAdapter.prototype.requestDevice as RequestDevice;

/** Every device requested from now on fails so; the function returned ends that. */
export function devicesFail({ lostAfter = Infinity, nanAfter = Infinity }: Failing): () => void {
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor), { queue } = device;
    const { promise: lost, resolve: lose } = Promise.withResolvers<GPUDeviceLostInfo>();
    Object.defineProperties(device, { lost: { value: lost }, queue: { value: queue } });
    const submit = queue.submit.bind(queue);
    let submits = 0, poisoned = false;
    queue.submit = (commands) => {
      submit(commands);
      if (++submits !== lostAfter) return;
      device.destroy(); // all that is asked of it later fails, as after a real loss
      lose({ reason: "unknown", message: "the driver was reset" } as unknown as GPUDeviceLostInfo);
    };
    const poison = (data: unknown) => {
      if (submits < nanAfter || poisoned || !(data instanceof Float32Array) || data.length < 1000) {
        return data;
      }
      poisoned = true;
      return data.with(0, NaN);
    };
    const { writeTexture, writeBuffer } = GPUQueue.prototype;
    queue.writeTexture = (target, data, layout, size) =>
      writeTexture.call(queue, target, poison(data) as typeof data, layout, size);
    queue.writeBuffer = (target, at, data, ...rest) =>
      writeBuffer.call(queue, target, at, poison(data) as typeof data, ...rest);
    return device;
  };
  return () => GPUAdapter.prototype.requestDevice = requestDevice;
}
