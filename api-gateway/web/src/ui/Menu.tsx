// A menu that a button opens (Radix). It isn't modal: a modal one would add a style element, which the page's policy
// refuses.
import * as Dropdown from '@radix-ui/react-dropdown-menu';
import { Check, type LucideIcon } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';

interface MenuProps {
  /** trigger is the button. */
  trigger: ReactElement;
  children: ReactNode;
  side?: 'top' | 'right' | 'bottom';
  align?: 'start' | 'end';
}

export function Menu({ trigger, children, side = 'bottom', align = 'start' }: MenuProps) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className="menu" side={side} align={align} sideOffset={6} collisionPadding={8}>
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

interface ItemProps {
  icon?: LucideIcon;
  choose: () => void;
  children: ReactNode;
  hint?: ReactNode;
  isDisabled?: boolean;
}

export function MenuItem({ icon: Icon, choose, children, hint, isDisabled }: ItemProps) {
  return (
    <Dropdown.Item className="menu-item" onSelect={choose} disabled={isDisabled}>
      {Icon ? <Icon aria-hidden="true" /> : <i />}
      <span>{children}</span>
      {hint}
    </Dropdown.Item>
  );
}

interface ChoiceProps<T extends string> {
  value: T;
  options: readonly { value: T; text: ReactNode; hint?: ReactNode }[];
  change: (value: T) => void;
}

/** MenuChoice offers values of which one is chosen. */
export function MenuChoice<T extends string>({ value, options, change }: ChoiceProps<T>) {
  return (
    <Dropdown.RadioGroup value={value} onValueChange={(v) => change(v as T)}>
      {options.map((o) => (
        <Dropdown.RadioItem key={o.value} value={o.value} className="menu-item" data-value={o.value}>
          <i>
            <Dropdown.ItemIndicator>
              <Check aria-hidden="true" />
            </Dropdown.ItemIndicator>
          </i>
          <span>{o.text}</span>
          {o.hint}
        </Dropdown.RadioItem>
      ))}
    </Dropdown.RadioGroup>
  );
}

export function MenuCheck({
  isOn,
  change,
  children,
}: {
  isOn: boolean;
  change: (isOn: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Dropdown.CheckboxItem className="menu-item" checked={isOn} onCheckedChange={change}>
      <i>
        <Dropdown.ItemIndicator>
          <Check aria-hidden="true" />
        </Dropdown.ItemIndicator>
      </i>
      <span>{children}</span>
    </Dropdown.CheckboxItem>
  );
}

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <Dropdown.Label className="menu-label">{children}</Dropdown.Label>
);

export const MenuLine = () => <Dropdown.Separator className="menu-line" />;
