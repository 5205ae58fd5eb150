import { Injectable, type PipeTransform } from '@nestjs/common';
import { type DeviceAndUserName, parseDeviceDn } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';

/** `@Param('deviceDN', DeviceDnPipe) device: DeviceAndUserName`: a text that is no device DN names nothing. */
@Injectable()
export class DeviceDnPipe implements PipeTransform<string, DeviceAndUserName> {
  transform(dn: string): DeviceAndUserName {
    const device = parseDeviceDn(dn);
    if (!device) throw new DomainError('not-found', 'no-device-dn', 'The text is not the name of a device.');
    return device;
  }
}
